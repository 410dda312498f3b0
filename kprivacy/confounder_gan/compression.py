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
    """Pictures as a JPEG file has them, its colours at half size (4:2:0).

    So Pillow, phones and cameras write them by default. Red, green and blue
    become Y, Cb and Cr, and of Cb and Cr each 2 x 2 pixels their mean; of
    blocks of 8 x 8 numbers the cosine transform is divided by the quality's
    steps and rounded, and all of it undone, Cb and Cr interpolated as libjpeg
    does it. The gradient passes by each rounding and by the clips as though
    they were not there: the steps between undo each other, so that of grey
    pictures it is the gradient at what was compressed, and of colours that
    without what is finer than Cb and Cr.

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
    if images.shape[-1] == 1:
        x = _plane(_rounded(255.0 * images) - 128.0, quality, LUMINANCE)
        x = x + 128.0
    else:
        planes = np.transpose(TO_YCBCR).astype("f4")
        x = _rounded(ops.matmul(255.0 * images, planes))
        # The colours' middle is 0 here and 128 in the file.
        bright = _plane(x[..., :1] - 128.0, quality, LUMINANCE) + 128.0
        colours = _plane(_halved(x[..., 1:]), quality, COLOURS)
        x = ops.concatenate([bright, _doubled(colours, x)], axis=-1)
        x = ops.matmul(x, np.linalg.inv(planes).astype("f4"))
    x = _passed(x, ops.clip(ops.round(x), 0.0, 255.0)) / 255.0
    return ops.where(quality > 0, x, images)


def left(images, protected, noise, quality):
    """Noise and protected pictures as JPEG files leave them.

    Args:
        images: Pictures as they are, as for `compressed`.
        protected: The same, protected.
        noise: What was added, of the same shape.
        quality: As for `compressed`.

    Returns:
        (noise, protected): where a picture is compressed, its noise is the
        difference that is left between both files.
    """
    stored = compressed(protected, quality)
    between = stored - compressed(images, quality)
    return ops.where(quality > 0, between, noise), stored


def steps(quality, table):
    """The steps that coefficients are divided by, as libjpeg scales them.

    Args:
        quality: As for `compressed`, above 0.
        table: `LUMINANCE` or `COLOURS`.

    Returns:
        (batch, 8, 8, 1), whole numbers from 1 to 255.
    """
    scale = ops.where(
        quality < 50, ops.floor(5000.0 / quality), 200.0 - 2.0 * quality
    )
    table = np.array(table, "f4")[..., None]
    return ops.clip(ops.floor((scale * table + 50.0) / 100.0), 1.0, 255.0)


def _plane(x, quality, table):
    """Planes around 0 after the file, (batch, height, width, planes)."""
    height, width, planes = ops.shape(x)[1:]
    x = _filled(_filled(x, 1, SIDE), 2, SIDE)
    whole = ops.shape(x)
    x = ops.reshape(
        x, (-1, whole[1] // SIDE, SIDE, whole[2] // SIDE, SIDE, planes)
    )
    size = steps(ops.maximum(quality, 1.0), table)[:, None, :, None, :, :]
    size = ops.repeat(size, planes, axis=-1)
    turned = ops.einsum("uy,bhywxc,vx->bhuwvc", _cosines(), x, _cosines())
    kept = size * _rounded(turned / size)
    x = ops.einsum("uy,bhuwvc,vx->bhywxc", _cosines(), kept, _cosines())
    x = ops.reshape(x, (-1, *whole[1:]))[:, :height, :width]
    # What a decoder keeps of each number is a byte.
    return _passed(x, ops.clip(ops.round(x), -128.0, 127.0))


def _halved(x):
    """The mean of each 2 x 2 pixels, filled as libjpeg fills them."""
    x = _filled(_filled(x, 1, 2), 2, 2 * SIDE)
    x = (x[:, ::2] + x[:, 1::2]) / 2.0
    x = (x[:, :, ::2] + x[:, :, 1::2]) / 2.0
    # Halves are rounded down and up in turns, as libjpeg does.
    ups = 0.25 + 0.25 * ops.cast(ops.arange(ops.shape(x)[2]) % 2, "float32")
    return _passed(x, ops.floor(x + ups[:, None]))


def _doubled(x, like):
    """Interpolated to the size of others: 3/4 of the near, 1/4 of the next."""
    height, width = ops.shape(like)[1:3]
    # Filled columns are of no picture: the last one of it is the edge.
    x = x[:, :, : -(-width // 2)]
    for axis in (1, 2):
        count = ops.shape(x)[axis]
        places = ops.arange(count)
        before = ops.take(x, ops.maximum(places - 1, 0), axis=axis)
        after = ops.take(x, ops.minimum(places + 1, count - 1), axis=axis)
        pairs = [(3.0 * x + other) / 4.0 for other in (before, after)]
        shape = list(ops.shape(x))
        shape[axis] = 2 * count
        x = ops.reshape(ops.stack(pairs, axis=axis + 1), (-1, *shape[1:]))
    return _rounded(x)[:, :height, :width]


def _cosines():
    """The orthonormal cosine transform of 8 numbers, (8, 8)."""
    places = np.arange(SIDE)
    found = np.cos(np.pi * (places + 0.5) * places[:, None] / SIDE) / 2
    found[0] /= 2 ** 0.5
    return found.astype("f4")


def _filled(x, axis, side):
    """Its last row or column repeated, up to a multiple of a side."""
    size = ops.shape(x)[axis]
    whole = -(-size // side) * side
    return ops.take(x, ops.minimum(ops.arange(whole), size - 1), axis=axis)


def _rounded(x):
    return _passed(x, ops.round(x))


def _passed(x, y):
    """y, with the gradient of x."""
    return x + ops.stop_gradient(y - x)
