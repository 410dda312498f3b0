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


@keras.saving.register_keras_serializable("kprivacy")
class Resized(keras.layers.Layer):
    """Images brought to a size, with bilinear interpolation.

    Keras' own `Resizing` takes a call without `training` for training, and
    every layer of the model with it: batch norms would move their statistics.

    Args:
        height, width: The size, in pixels.
    """

    def __init__(self, height, width, **kwargs):
        super().__init__(**kwargs)
        self.height = height
        self.width = width

    def call(self, inputs):
        return ops.image.resize(inputs, (self.height, self.width))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.height, self.width, input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "height": self.height,
                "width": self.width}


def round_to_bytes(images):
    """Images in [0, 1] at the 256 levels of a file, gradients untouched."""
    rounded = ops.round(images * 255.0) / 255.0
    return ops.stop_gradient(rounded) + (images - ops.stop_gradient(images))
