"""JPEG that gradients go through: what a file would leave of the noise."""

import keras
import numpy as np
from keras import ops

from kprivacy import errors

# The standard's tables of steps, at quality 50: of luminance and of colours.
LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61), (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56), (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77), (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101), (72, 92, 95, 98, 112, 100, 103, 99),
)
COLOURS = (
    (17, 18, 24, 47, 99, 99, 99, 99), (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99), (47, 66, 99, 99, 99, 99, 99, 99),
    *4 * ((99,) * 8,),
)
# From red, green and blue to Y, Cb and Cr.
TO_YCBCR = (
    (0.299, 0.587, 0.114),
    (-0.168736, -0.331264, 0.5),
    (0.5, -0.418688, -0.081312),
)
SIDE = 8  # of a block, in pixels


def check(share, quality, channels):
    """Raises unless pictures of so many channels can go through JPEG.

    Args:
        share: Of the pictures that do; 0 for none.
        quality: (lowest, highest).
        channels: Of the pictures.
    """
    errors.check_fraction("jpeg", share)
    low, high = quality if len(quality) == 2 else (0, 0)
    whole = isinstance(low, int) and isinstance(high, int)
    if not whole or not 1 <= low <= high <= 100:
        raise errors.UserError(
            "`jpeg_quality` must be two whole numbers from 1 to 100, the "
            f"lowest first. Received: jpeg_quality={quality!r}."
        )
    if share and channels not in (1, 3):
        raise errors.UserError(
            "`jpeg` is for pictures of 1 or 3 channels. Received: a client "
            f"of {channels}. Set `jpeg=0`."
        )


def drawn(count, share, quality, generator):
    """A quality for each picture of a batch, 0 for those left as they are.

    Args:
        count: Pictures.
        share: Of those that are compressed.
        quality: (lowest, highest), each as likely as those between.
        generator: A `keras.random.SeedGenerator`.

    Returns:
        Whole numbers as float32, (count, 1, 1, 1).
    """
    draws = keras.random.uniform((count, 2), dtype="float32", seed=generator)
    low, high = quality
    found = ops.floor(low + (high - low + 1) * draws[:, 1])
    found = ops.where(draws[:, 0] < share, ops.minimum(found, high), 0.0)
    return found[:, None, None, None]


def compressed(images, quality):
    """Pictures as a JPEG file with colours at full size (4:4:4) has them.

    Red, green and blue become Y, Cb and Cr; of blocks of 8 x 8 pixels the
    cosine transform is divided by the quality's steps and rounded, and all
    of it undone. The gradient passes by each rounding and by the clip at the
    end as though it were not there: the steps between undo each other, so
    that altogether it is the gradient at what was compressed.

    Args:
        images: (batch, height, width, 1 or 3) in [0, 1], of any size.
        quality: (batch, 1, 1, 1), whole numbers from 1 to 100; 0 leaves a
            picture as it is.

    Returns:
        float32 of the images' shape, at the levels of 8 bits.

    Reference: ITU-T T.81, 1992, for JPEG; Reich et al., Differentiable JPEG:
    the devil is in the details, 2024, for the gradient.
    """
    images = ops.cast(images, "float32")
    height, width, channels = ops.shape(images)[1:]
    x = 255.0 * _filled(_filled(images, 1, height), 2, width)
    if channels == 3:
        x = _rounded(ops.matmul(x, np.transpose(TO_YCBCR).astype("f4")))
    else:
        x = _rounded(x) - 128.0
    if channels == 3:
        # The colours' middle is 0 here and 128 in the file.
        x = x - np.array([128, 0, 0], "f4")
    x = _unblocked(_quantised(_blocked(x), quality), ops.shape(x))
    # What a decoder keeps of each plane is a byte.
    x = _passed(x, ops.clip(ops.round(x), -128.0, 127.0))
    x = x + np.array([128, 0, 0] if channels == 3 else [128], "f4")
    if channels == 3:
        inverse = np.linalg.inv(np.array(TO_YCBCR)).T.astype("f4")
        x = ops.matmul(x, inverse)
    x = _passed(x, ops.clip(ops.round(x), 0.0, 255.0)) / 255.0
    return ops.where(quality > 0, x[:, :height, :width], images)


def steps(quality, channels):
    """The steps that coefficients are divided by, as libjpeg scales them.

    Args:
        quality: As for `compressed`, above 0.
        channels: 1 or 3.

    Returns:
        (batch, 8, 8, channels), whole numbers from 1 to 255.
    """
    tables = np.stack([LUMINANCE, COLOURS, COLOURS][:channels], axis=-1)
    scale = ops.where(
        quality < 50, ops.floor(5000.0 / quality), 200.0 - 2.0 * quality
    )
    scaled = ops.floor((scale * tables.astype("f4") + 50.0) / 100.0)
    return ops.clip(scaled, 1.0, 255.0)


def _quantised(x, quality):
    """Blocks (batch, rows, 8, columns, 8, channels) after the rounding."""
    size = steps(ops.maximum(quality, 1.0), x.shape[-1])
    size = size[:, None, :, None, :, :]
    turned = ops.einsum("uy,bhywxc,vx->bhuwvc", _cosines(), x, _cosines())
    kept = size * _rounded(turned / size)
    return ops.einsum("uy,bhuwvc,vx->bhywxc", _cosines(), kept, _cosines())


def _cosines():
    """The orthonormal cosine transform of 8 numbers, (8, 8)."""
    places = np.arange(SIDE)
    found = np.cos(np.pi * (places + 0.5) * places[:, None] / SIDE) / 2
    found[0] /= 2 ** 0.5
    return found.astype("f4")


def _blocked(x):
    height, width, channels = ops.shape(x)[1:]
    return ops.reshape(
        x, (-1, height // SIDE, SIDE, width // SIDE, SIDE, channels)
    )


def _unblocked(x, shape):
    return ops.reshape(x, (-1, *shape[1:]))


def _filled(x, axis, size):
    """Its last row or column repeated, up to whole blocks."""
    whole = -(-size // SIDE) * SIDE
    return ops.take(x, ops.minimum(ops.arange(whole), size - 1), axis=axis)


def _rounded(x):
    return _passed(x, ops.round(x))


def _passed(x, y):
    """y, with the gradient of x."""
    return x + ops.stop_gradient(y - x)
