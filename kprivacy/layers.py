"""Layers that the networks of several methods share."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kprivacy")
class AddUniformNoise(keras.layers.Layer):
    """Adds noise that comes in as an input, uniform on [0, 1], recentred.

    `output = features + amplitude * (2 * noise - 1)`. The noise is an input
    and not drawn here, so that the layer converts to TFLite and the phone
    draws it: random bytes, divided by 255, are such noise.

    Args:
        amplitude: Half the width of the noise, in units of the features.

    Call arguments: `[features, noise]` of the same shape.
    """

    def __init__(self, amplitude, **kwargs):
        super().__init__(**kwargs)
        self.amplitude = amplitude

    def call(self, inputs):
        features, noise = inputs
        return features + self.amplitude * (2.0 * noise - 1.0)

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "amplitude": self.amplitude}


@keras.saving.register_keras_serializable("kprivacy")
class RoundToBytes(keras.layers.Layer):
    """Images in [0, 1] at the 256 levels of a file, gradients untouched."""

    def call(self, inputs):
        return round_to_bytes(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape


def round_to_bytes(images):
    """Images in [0, 1] at the 256 levels of a file, gradients untouched."""
    rounded = ops.round(images * 255.0) / 255.0
    return ops.stop_gradient(rounded) + (images - ops.stop_gradient(images))
