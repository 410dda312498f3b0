"""Arrays in .npy and .npz, whose headers are judged before they are read."""

import contextlib
import io
import math
import pathlib
import tokenize
import zipfile
import zlib

import numpy as np

from kprivacy import files
from kprivacy.errors import UserError

SUFFIXES = (".npy", ".npz")
KEY = "data"
DAMAGED = (
    OSError, EOFError, KeyError, ValueError, RuntimeError, SyntaxError,
    MemoryError, zipfile.BadZipFile, zlib.error, tokenize.TokenError,
)


def read_examples(path, domain):
    """Reads examples as float32, shape (examples, *domain.shape).

    Bytes of images are divided by 255. One bad row refuses the file, so that
    what is recovered has the rows of the original.

    Raises:
        UserError: The file holds something else, numbers that are not
            finite, or images outside [0, 1].
    """
    rows = read(path, domain.shape)
    pixels = domain.kind == "image" and rows.dtype == np.uint8
    with np.errstate(over="ignore"):
        rows = rows.astype(np.float32) / (255.0 if pixels else 1.0)
    flat = rows.reshape(len(rows), -1)
    good = np.isfinite(flat).all(axis=1)
    if domain.kind == "image":
        good &= (flat >= 0).all(axis=1) & (flat <= 1).all(axis=1)
    if not good.all():
        wanted = "in [0, 1], or uint8" if domain.kind == "image" else "finite"
        raise UserError(
            f"The numbers of {str(path)!r} must be {wanted}. Received: others "
            f"in {np.sum(~good)} of {len(good)} rows, the first in row "
            f"{np.argmin(good)}. Scale or repair them."
        )
    return rows


def read(path, shape, count=None):
    """Reads an untrusted .npy, or "data" of a .npz, never with pickle.

    Args:
        path: The file.
        shape: Expected shape of an example.
        count: Expected number of examples; at least one if None.

    Raises:
        UserError: It holds anything else; its header says so before memory
            is taken for it.
    """
    try:
        with _opened(path) as (file, size):
            held, dtype = _header(file)
            _check_size(held, dtype, size)
            fits = len(held) > 0 and held[1:] == tuple(shape) and held[0] > 0
            if fits and count in (None, held[0]) and dtype.kind in "fiu":
                file.seek(0)
                return np.lib.format.read_array(file, allow_pickle=False)
    except DAMAGED as error:
        raise UserError(
            f"{str(path)!r} must be a .npy, or a .npz with an array {KEY!r}. "
            f"Received: {type(error).__name__}: {error}. Write it with "
            f"numpy.save or numpy.savez(path, {KEY}=rows)."
        ) from error
    expected = (count or "n", *shape)
    raise UserError(
        f"{str(path)!r} must hold numbers of shape "
        f"({', '.join(map(str, expected))}). Received: {dtype} of shape "
        f"{held}. Write what the pair was trained for."
    )


def write(path, rows):
    """Writes an array as .npy or as "data" of a .npz, in one move."""
    content = io.BytesIO()
    if pathlib.Path(path).suffix.lower() == ".npy":
        np.save(content, rows, allow_pickle=False)
    else:
        np.savez(content, **{KEY: rows})
    files.write_bytes(path, content.getvalue())


@contextlib.contextmanager
def _opened(path):
    """Yields an array's file, and how many bytes it has."""
    if pathlib.Path(path).suffix.lower() == ".npy":
        with open(path, "rb") as file:
            yield file, pathlib.Path(path).stat().st_size
        return
    name = f"{KEY}.npy"
    with zipfile.ZipFile(path) as archive:
        with archive.open(name) as file:
            yield file, archive.getinfo(name).file_size


def _check_size(shape, dtype, size):
    """Raises where a header claims more than there is."""
    claimed = math.prod(shape) * dtype.itemsize
    if claimed > size:
        raise ValueError(
            f"its header claims {claimed:,} bytes of numbers, it has {size:,}"
        )


def _header(file):
    """Shape and dtype; what follows is not read."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(file)
    return shape, dtype
