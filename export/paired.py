"""Convolutions from and to few channels, on several columns at once.

Integer kernels take channels by eights where the processor multiplies matrices
of bytes (x86 with VNNI, Arm with I8MM): of colours, five of eight products are
of padding. Two neighbouring pixels have six channels, and lie side by side in
memory as one. Three such pairs hold what a kernel that is five wide needs for
two outputs: of 40 products a row and filter 24 are left. Arm processors with
dot products alone take channels by fours: there 20 become 24.

The same kernels give filters by sixteens: of three, thirteen of sixteen are
thrown away. Four neighbouring outputs have twelve, and lie side by side in
memory: a kernel of 3 x 3 becomes one of 3 x 6 that moves by four, with half the
products. Values stay as they are.
"""

import numpy as np

from . import rebuild

CHANNELS = (3, 4)
# Narrower kernels need as many pairs as they have columns.
WIDTH = 5
# What a kernel gives at once, and the most columns that are taken together.
FILTERS, COLUMNS = 16, 8


def paired(model):
    """A client's model with such convolutions on pairs.

    Args:
        model: Functional `keras.Model` of inputs of fixed size.

    Returns:
        A functional `keras.Model` of the same function, but for rounding;
        `model` itself if it has none.
    """
    # Later the converter would not see which normalisation belongs to a
    # convolution.
    return rebuild.replaced(model, "Conv2D", _done, fold=True)


def _done(layer, shape):
    """How a layer that takes such a shape is done; None for as it is."""
    if _fits(layer, shape):
        return _on_pairs
    return _at_once if _together(layer, shape) > 1 else None


def _fits(layer, shape):
    """Whether a layer that takes such a shape is done on pairs."""
    return (
        _plain(layer, shape) and shape[3] in CHANNELS
        and layer.kernel_size[1] >= WIDTH and shape[2] % 2 == 0
    )


def _plain(layer, shape):
    """Whether it is a convolution of fixed width that moves by one."""
    return (
        shape[2] is not None and layer.kernel_size[1] % 2 == 1
        and layer.strides == layer.dilation_rate == (1, 1)
        and layer.groups == 1 and layer.padding == "same"
        and layer.data_format == "channels_last"
    )


def _together(layer, shape):
    """How many neighbouring outputs of a convolution fill a kernel."""
    if not _plain(layer, shape) or layer.kernel_size[1] == 1:
        return 1
    count = COLUMNS
    while count > 1 and (count * layer.filters > FILTERS or shape[2] % count):
        count //= 2
    return count


def _at_once(layer, given):
    """What the layer gives, with several columns an output."""
    import keras

    count = _together(layer, given.shape)
    kernel = layer.get_weights()[0]
    height, width, channels, filters = kernel.shape
    wide = np.zeros(
        (height, width + count - 1, channels, count, filters), np.float32
    )
    for out in range(count):
        wide[:, out : out + width, :, out] = kernel
    wide = wide.reshape(*wide.shape[:3], -1)

    out = rebuild.convolved(
        layer, given, wide, count, strides=(1, count), padding="same"
    )
    return keras.layers.Reshape((*given.shape[1:3], filters))(out)


def _on_pairs(layer, given):
    """What the layer gives, on pairs of columns."""
    import keras

    kernel = layer.get_weights()[0]
    height, width, channels, filters = kernel.shape
    reach = width // 2
    aside = (reach + 1) // 2  # pairs on either side
    wide = np.zeros(
        (height, 2 * aside + 1, 2, channels, 2, filters), np.float32
    )
    for out in range(2):
        for column in range(width):
            pair, place = divmod(out + column - reach, 2)
            wide[:, aside + pair, place, :, out] = kernel[:, column]
    wide = wide.reshape(height, -1, 2 * channels, 2 * filters)

    rows, columns = given.shape[1:3]
    pairs = keras.layers.Reshape((rows, columns // 2, 2 * channels))
    out = rebuild.convolved(layer, pairs(given), wide, 2, padding="same")
    return keras.layers.Reshape((rows, columns, filters))(out)
