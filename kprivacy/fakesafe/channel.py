"""The way of a fake that is an image: a PNG of 8 bits a channel."""

import io
import pathlib

import numpy as np

from kprivacy import files, releases


def to_uint8(images):
    """Images in [0, 1] as bytes, rounded to the nearest."""
    return releases.to_wire(images, np.uint8)


def png_bytes(image):
    """One image in [0, 1], or of uint8, as the content of a PNG file.

    Args:
        image: Shape (height, width, channels): grey, grey and alpha, RGB or
            RGBA.
    """
    from PIL import Image

    image = image if image.dtype == np.uint8 else to_uint8(image)
    content = io.BytesIO()
    Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image).save(
        content, "PNG"
    )
    return content.getvalue()


def write_png(path, image):
    """Writes one image, beside and renamed; see `png_bytes`."""
    files.write_bytes(path, png_bytes(image))


def read_png(path):
    """Reads a PNG of 8 bits as float32 in [0, 1], (height, width, channels).

    Args:
        path: The file, or its content as bytes.
    """
    from PIL import Image

    content = path if isinstance(path, bytes) else (
        pathlib.Path(path).read_bytes()
    )
    with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
        pixels = np.asarray(image)
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    return pixels.astype(np.float32) / 255.0


def through_png(images):
    """Images as they are after each was written as a PNG and read again."""
    return np.stack([read_png(png_bytes(image)) for image in images])
