"""FakeSafe's own layers."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kprivacy")
class BinaryCode(keras.layers.Layer):
    """Numbers as -1 or 1, with the gradient of tanh (straight through).

    Args:
        binary: False for tanh itself, the belief about such a number.

    Reference: Bengio et al., Estimating or propagating gradients through
    stochastic neurons for conditional computation, 2013.
    """

    def __init__(self, binary=True, **kwargs):
        super().__init__(**kwargs)
        self.binary = binary

    def call(self, inputs):
        soft = ops.tanh(inputs)
        if not self.binary:
            return soft
        one = ops.ones_like(soft)
        hard = ops.where(inputs >= 0, one, -one)
        # In this order the sum is the sign itself, to the last bit.
        return hard + (soft - ops.stop_gradient(soft))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "binary": self.binary}


@keras.saving.register_keras_serializable("kprivacy")
class Mask(keras.layers.Layer):
    """Turns the signs of a code where a key has ones; twice is nothing.

    On codes of -1 and 1 this is the exclusive or of the bits, a one-time
    pad: under a uniform key the outcome is uniform, whatever the code.

    Call arguments: `[code, key]`, the key of 0 and 1 and as long, or longer:
    its begin is used.
    """

    def call(self, inputs):
        code, key = inputs
        key = key[..., : code.shape[-1]]
        return code * (1.0 - 2.0 * ops.cast(key, code.dtype))

    def compute_output_shape(self, input_shape):
        return input_shape[0]
