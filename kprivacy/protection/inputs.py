"""What is to be protected: pictures, a folder of them, or an array's rows."""

import dataclasses
import pathlib
from collections.abc import Callable

import numpy as np

from kprivacy import files
from kprivacy.data import image_folder
from kprivacy.errors import UserError
from kprivacy.protection import arrays, sides

MANY_BITS = ("I", "F")


@dataclasses.dataclass(frozen=True)
class Inputs:
    """Private examples, read one at a time.

    Args:
        names: Of each example a dict: "file", relative to the input, and
            "row" where the file is an array.
        read: Function from an index to a float32 example; raises `UserError`
            where it cannot be used.
        ignored: How many files of a folder are no images by their names.
        root: Where they lie, an absolute path.
    """

    names: list
    read: Callable
    ignored: int = 0
    root: pathlib.Path | None = None


def find(path, domain, resize=False, flag="input"):
    """Finds what `path` holds.

    Args:
        path: An image, a folder of images, a .npy, or a .npz with "data".
        domain: `Domain` of the private examples.
        resize: Whether images of another size or number of channels are
            converted.
        flag: Which flag it comes from, for errors.

    Raises:
        UserError: There is nothing there that fits the domain.
    """
    root = pathlib.Path(path).expanduser()
    if root.suffix.lower() in arrays.SUFFIXES and root.is_file():
        rows = arrays.read_examples(root, domain)
        names = [
            {"file": root.name, "row": row, "rows": len(rows)}
            for row in range(len(rows))
        ]
        return Inputs(names, lambda index: rows[index], root=root.resolve())
    found, ignored = _images(root)
    if domain.kind != "image" or not found:
        raise UserError(
            f"--{flag} must hold {_expected(domain)}. Received: {str(path)!r}"
            f", {_description(root, found)}."
        )
    return Inputs(
        [{"file": name} for name in found],
        lambda index: read_image(
            root / found[index] if root.is_dir() else root,
            domain.shape,
            resize,
        ),
        ignored,
        root.resolve(),
    )


def check_apart(given, made, flag="input", into="output"):
    """Raises unless neither of two paths lies in the other.

    Args:
        given: What is read.
        made: What is written.
        flag: Which flag `given` comes from.
        into: Which flag `made` comes from.
    """
    ends = [pathlib.Path(path).expanduser().resolve()
            for path in (given, made)]
    if any(one in (other, *other.parents)
           for one, other in (ends, reversed(ends))):
        raise UserError(
            f"--{flag} and --{into} must lie apart, so that no private file "
            f"is handed on with others. Received: {str(given)!r} and "
            f"{str(made)!r}. Choose another --{into}."
        )


def check_file(flag, path):
    """Raises where a file cannot be written, as a folder is in its place."""
    path = pathlib.Path(path).expanduser()
    if path.is_dir():
        raise UserError(
            f"{flag} must be a file to write. Received: {str(path)!r}, a "
            "folder. Name a file in it."
        )
    files.check_folder(f"The folder of {flag}", path.parent)


def read_image(file, shape, resize=False):
    """Reads an untrusted image upright, float32 in [0, 1].

    Args:
        file: Path of the image.
        shape: Expected (height, width, channels), in pixels.
        resize: Whether another size or mode is converted, bilinearly.

    Raises:
        UserError: It is no image, or of another shape without `resize`.
    """
    from PIL import Image, ImageOps

    with image_folder.opened(file) as image:
        frames = getattr(image, "n_frames", 1) if image.format != "MPO" else 1
        upright = ImageOps.exif_transpose(image)
        mode, size = sides.MODES[shape[2]], (shape[1], shape[0])
        held = _mode(upright)
        same = (held, upright.size) == (mode, size)
        usable = frames == 1 and not held.startswith(MANY_BITS)
        if usable and (same or resize):
            fitting = upright.convert(mode).resize(size, Image.BILINEAR)
            return np.asarray(fitting, np.float32).reshape(shape) / 255.0
    raise UserError(_misfit(file, shape, held, upright.size, frames, usable))


def _mode(image):
    """The image's mode once palettes and single bits are unfolded."""
    if image.mode == "P":
        return "RGBA" if "transparency" in image.info else "RGB"
    return "L" if image.mode == "1" else image.mode


def _misfit(file, shape, mode, size, frames, usable):
    advice = (
        "Pass --resize to convert it, which cannot be undone"
        if usable else "Convert it to a single picture of 8 bits a channel"
    )
    moving = f" in {frames} frames" if frames > 1 else ""
    return (
        f"{str(file)!r} must have {shape[0]} x {shape[1]} pixels (height x "
        f"width) and mode {sides.MODES[shape[2]]}, 8 bits a channel. "
        f"Received: {size[1]} x {size[0]}, mode {mode}{moving}. {advice}."
    )


def _images(root):
    """Relative names of the images, and how many other files there are."""
    if not root.is_dir():
        readable = root.suffix.lower() in image_folder.SUFFIXES
        return ([root.name] if readable and root.is_file() else []), 0
    names = [
        path.relative_to(root)
        for path in sorted(root.rglob("*")) if path.is_file()
    ]
    images = [
        name.as_posix() for name in names
        if name.suffix.lower() in image_folder.SUFFIXES
        and not any(part.startswith(".") for part in name.parts)
    ]
    return images, len(names) - len(images)


def _expected(domain):
    array = f"a .npy, or a .npz with 'data', of shape (n, *{domain.shape})"
    if domain.kind == "vector":
        return f"{array}, as the pair is for vectors"
    suffixes = ", ".join(image_folder.SUFFIXES)
    return f"an image or a folder of images ({suffixes}), or {array}"


def _description(root, found):
    if not root.exists():
        return "which does not exist"
    if found:
        return f"with {len(found)} images"
    return "a folder without images" if root.is_dir() else "another file"
