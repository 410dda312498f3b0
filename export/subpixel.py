"""Transposed convolutions as convolutions, in integer files.

XNNPACK's integer kernels do a transposed convolution at half the speed of a
convolution of as many products. Where one of 4 x 4 doubles the maps, four
neighbouring outputs need the same 2 x 2 inputs: a convolution of these gives
all four as channels, which are then laid out. Values stay as they are.

Reference: Shi et al., Real-time single image and video super-resolution using
an efficient sub-pixel convolutional neural network, 2016.
"""

import numpy as np

from . import rebuild

KERNEL, STRIDE = (4, 4), (2, 2)
# Of smaller maps, the border's windows cost what the rest saves.
SIDE = 4
# Row of the kernel that each of the window's two rows has, for the output
# above the window's middle and for the one below.
ROWS = ((2, 0), (3, 1))


def shuffled(model):
    """A client's model without such transposed convolutions.

    Args:
        model: Functional `keras.Model` of inputs of fixed size.

    Returns:
        A functional `keras.Model` of the same function, but for rounding;
        `model` itself if it has none.
    """
    return rebuild.replaced(
        model, "Conv2DTranspose",
        lambda layer, shape: _of_windows if _fits(layer, shape) else None,
    )


def _fits(layer, shape):
    return (
        all(side is not None and side >= SIDE for side in shape[1:3])
        and layer.kernel_size == KERNEL and layer.strides == STRIDE
        and layer.padding == "same" and layer.output_padding is None
        and layer.dilation_rate == (1, 1)
        and layer.data_format == "channels_last"
    )


def _of_windows(layer, given):
    """What the layer gives, by a convolution of all windows of 2 x 2."""
    import keras

    kernel = layer.get_weights()[0]
    filters, channels = kernel.shape[2:]
    # (output's row, window's row, output's column, window's column, ...)
    kernel = kernel[np.array(ROWS)][:, :, np.array(ROWS)]
    kernel = kernel.transpose(1, 3, 5, 0, 2, 4)
    kernel = kernel.reshape(2, 2, channels, 4 * filters)
    padded = keras.layers.ZeroPadding2D(1)(given)
    return _laid_out()(rebuild.convolved(layer, padded, kernel, 4))


def _laid_out():
    """A layer that lays channels out as 2 x 2, without the border."""
    import keras
    import tensorflow as tf

    class LaidOut(keras.layers.Layer):
        def call(self, inputs):
            return tf.nn.depth_to_space(inputs, 2)[:, 1:-1, 1:-1]

        def compute_output_shape(self, input_shape):
            batch, height, width, channels = input_shape
            return batch, 2 * height - 2, 2 * width - 2, channels // 4

    return LaidOut()
