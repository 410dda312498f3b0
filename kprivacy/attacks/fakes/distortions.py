"""What happens to a fake on its way: files, compression, noise.

Each distortion is a function of images, float (examples, height, width, 1 or
3) in [0, 1], and a seed; it returns float32 images on the 8-bit grid, what a
receiver opens. Vectors travel as they are and are refused.
"""

import io

import numpy as np

from kprivacy.errors import UserError, check_count
from kprivacy.releases import to_wire


def png():
    """The 8-bit file itself: rounding to the nearest of 256 values."""

    def distort(images, seed=0):
        return _on_grid(_checked(images))

    return distort


def noise(std=3 / 256):
    """Gaussian noise of deviation `std`, in units of the images."""
    if not std >= 0:
        raise UserError(f"`std` must not be negative. Received: std={std}.")

    def distort(images, seed=0):
        images = _on_grid(_checked(images))
        added = np.random.default_rng(seed).normal(0.0, std, images.shape)
        return _on_grid(images + added)

    return distort


def jpeg(quality, most=95):
    """A JPEG file of this quality, 1 to `most`, as Pillow writes it."""
    check_count("quality", quality)
    if quality > most:
        raise UserError(
            f"`quality` must be from 1 to {most}. Received: "
            f"quality={quality}."
        )

    def distort(images, seed=0):
        images = to_wire(_checked(images), np.uint8)
        opened = np.stack([_through_jpeg(one, quality) for one in images])
        return opened.astype(np.float32) / 255

    return distort


def bits(count=4):
    """The nearest of 2 ** `count` evenly spaced grey values a channel."""
    check_count("count", count)
    if count > 8:
        raise UserError(
            f"`count` must be from 1 to 8. Received: count={count}."
        )
    levels = 2**count - 1

    def distort(images, seed=0):
        images = _on_grid(_checked(images))
        return _on_grid(np.rint(images * levels) / levels)

    return distort


NAMES = {
    "png": png(),
    "noise": noise(),
    "jpeg_90": jpeg(90),
    "jpeg_75": jpeg(75),
    "jpeg_50": jpeg(50),
    "bits_4": bits(4),
}


def _checked(images):
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[3] not in (1, 3):
        raise UserError(
            "Distortions are of images, shape (examples, height, width, 1 or "
            f"3). Received: shape {images.shape}. Vectors go on the wire as "
            "float32 and have none."
        )
    low, high = images.min(initial=0), images.max(initial=0)
    if not (low >= 0 and high <= 1):
        raise UserError(
            "Images must be floats in [0, 1]. Received: values from "
            f"{low} to {high}. Divide uint8 images by 255."
        )
    return images


def _on_grid(images):
    return to_wire(images, np.uint8).astype(np.float32) / 255


def _through_jpeg(image, quality):
    """One uint8 image after a JPEG file, written and opened in memory."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image.squeeze(2) if image.shape[2] == 1 else image).save(
        file, "JPEG", quality=quality
    )
    return np.asarray(Image.open(file)).reshape(image.shape)
