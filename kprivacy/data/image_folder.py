"""A user's own images: PATH/CLASS/*.png and the like, one folder a class."""

import pathlib

import numpy as np

from kprivacy import untrusted
from kprivacy.data.errors import DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
MOST_PIXELS = 50_000_000


def read(path, image_size=None):
    """Reads every image under `path`, resized to (height, width), as RGB.

    Returns:
        (uint8 images, labels, number of classes); classes in the
        alphabetical order of their folders. Folders without images, and
        those whose names begin with a dot or two underscores, are no class.

    Raises:
        DataError: There are no images, or one cannot be read.
    """
    root = pathlib.Path(path).expanduser()
    if not root.is_dir():
        raise DataError(
            f"'image_folder:PATH' must name a folder. Received: {str(root)!r}"
            f", which {'is a file' if root.exists() else 'does not exist'}."
        )
    folders = {
        path: _images(path)
        for path in sorted(root.iterdir())
        if path.is_dir() and not path.name.startswith((".", "__"))
    }
    classes = [path for path, images in folders.items() if images]
    files = [
        (file, label)
        for label, folder in enumerate(classes)
        for file in folders[folder]
    ]
    if len(classes) < 2:
        raise DataError(
            f"{str(root)!r} must hold at least two folders, one a class, of "
            f"{', '.join(SUFFIXES)} images. Received: {len(classes)} such "
            f"folders with {len(files)} images."
        )
    size = tuple(image_size or (64, 64))
    images = np.stack([read_image(file, size) for file, _ in files])
    labels = np.array([label for _, label in files], np.int32)
    return images, labels, len(classes)


def _images(folder):
    return [
        file
        for file in sorted(folder.rglob("*"))
        if file.suffix.lower() in SUFFIXES and file.is_file()
    ]


def read_image(file, size):
    """Reads an image file as uint8 RGB of `size`, (height, width) in pixels.

    Raises:
        DataError: It is not an image, or has too many pixels.
    """
    from PIL import Image, ImageOps

    with opened(file) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
        return np.asarray(upright.resize(size[::-1], Image.BILINEAR))


def opened(file):
    """Yields a stranger's image file as a `PIL.Image`, not yet decoded.

    Raises:
        DataError: It is not an image, or has too many pixels, or is found
            damaged while it is decoded.
    """
    return untrusted.opened(file, FORMATS, MOST_PIXELS, DataError)
