"""Convolutions of three channels, on pairs of columns.

Integer kernels take channels by eights where the processor multiplies matrices
of bytes (x86 with VNNI, Arm with I8MM): of colours, five of eight products are
of padding. Two neighbouring pixels have six channels, and lie side by side in
memory as one. Three such pairs hold what a kernel that is five wide needs for
two outputs: of 40 products a row and filter 24 are left. Arm processors with
dot products alone take channels by fours: there 20 become 24. Values stay as
they are.
"""

import contextlib

import numpy as np

from kprivacy.errors import UserError

from . import twin

CHANNELS = (3, 4)
# Narrower kernels need as many pairs as they have columns.
WIDTH = 5


def paired(model):
    """A client's model with such convolutions on pairs.

    Args:
        model: Functional `keras.Model` of inputs of fixed size.

    Returns:
        A functional `keras.Model` of the same function, but for rounding;
        `model` itself if it has none.
    """
    import keras

    if not any(_fits(one) for one in model._flatten_layers()):
        return model
    model = twin.flattened(model)
    with contextlib.suppress(UserError):  # stays where it cannot be folded
        # Later the converter would not see what belongs to a convolution.
        model = twin.folded(model)

    def of(layer):
        return _on_pairs(layer) if _fits(layer) else layer

    return twin.rebuilt(model, keras, of)


def _fits(layer):
    if type(layer).__name__ != "Conv2D":
        return False
    width, channels = layer.input.shape[2:]
    kernel = layer.kernel_size[1]
    return (
        channels in CHANNELS and kernel >= WIDTH and kernel % 2
        and width is not None and width % 2 == 0
        and layer.strides == layer.dilation_rate == (1, 1)
        and layer.groups == 1 and layer.padding == "same"
        and layer.data_format == "channels_last"
    )


def _on_pairs(layer):
    """A call of the layer on pairs of columns."""
    import keras

    kernel, *bias = layer.get_weights()
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

    def call(given):
        rows, columns = given.shape[1:3]
        copy = keras.layers.Conv2D(
            2 * filters, wide.shape[:2], padding="same",
            activation=layer.activation, use_bias=layer.use_bias,
            name=layer.name,
        )
        pairs = keras.layers.Reshape((rows, columns // 2, 2 * channels))
        out = copy(pairs(given))
        copy.set_weights([wide, *(np.tile(one, 2) for one in bias)])
        return keras.layers.Reshape((rows, columns, filters))(out)

    return call
