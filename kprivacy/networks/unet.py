"""A U-Net: strided convolutions down, and up again beside what came down."""

import keras
from keras import layers, ops

from kprivacy.networks import strided


def unet(x, filters, middle=None, channels=None):
    """Takes images down, through `middle`, and up to their size again.

    Convolutions of 4 x 4 with stride 2, batch norm and leaky ReLU; a last one
    of 3 x 3 at full size. Fully convolutional: height and width may be None,
    and need not be multiples of anything.

    Args:
        x: Images, a Keras tensor (batch, height, width, channels).
        filters: Of each convolution on the way down.
        middle: Function from the smallest maps to others of their size; None
            for none.
        channels: Of the outcome; None for those of `x`.

    Returns:
        A Keras tensor (batch, height, width, channels), before any
        activation.

    Reference: Ronneberger, Fischer and Brox, U-Net, 2015.
    """
    channels = channels or x.shape[-1]
    skips = []
    for i, count in enumerate(filters, start=1):
        skips.append(x)
        x = layers.Conv2D(
            count, 4, strides=2, padding="same", use_bias=False,
            name=f"down_conv{i}",
        )(x)
        x = strided.activated(x, True, f"down_{i}")
    if middle is not None:
        x = middle(x)
    for i, (count, skip) in enumerate(
        zip((*reversed(filters[:-1]), filters[0]), reversed(skips)), start=1
    ):
        x = up(x, count, skip, i)
        x = layers.Concatenate()([x, skip])
    return layers.Conv2D(channels, 3, padding="same", name="up_detail")(x)


def up(x, filters, like, label):
    """Doubles maps, cut to the size of `like`, with batch norm and ReLU.

    Args:
        x: Maps, a Keras tensor.
        filters: Of the transposed convolution of 4 x 4 with stride 2.
        like: Maps whose size is taken.
        label: End of the layers' names.
    """
    x = layers.Conv2DTranspose(
        filters, 4, strides=2, padding="same", use_bias=False,
        name=f"up_conv{label}",
    )(x)
    if None in like.shape[1:3]:
        x = CropLike(name=f"up_crop{label}")([x, like])
    else:
        x = strided.crop(x, like.shape[1:3], f"up_crop{label}")
    return strided.activated(x, True, f"up_{label}")


@keras.saving.register_keras_serializable("kprivacy")
class CropLike(layers.Layer):
    """Cuts maps at the bottom and the right to the size of others.

    Call arguments: `[maps, like]`.
    """

    def call(self, inputs):
        maps, like = inputs
        height, width = ops.shape(like)[1:3]
        return maps[:, :height, :width]

    def compute_output_shape(self, input_shape):
        maps, like = input_shape
        return (maps[0], *like[1:3], maps[3])
