"""What the builders share: files of an archive that may not be as expected."""

import numpy as np

from kprivacy.data.errors import DataError


def find_one(folder, pattern):
    """The one file under `folder` whose path ends in `pattern`.

    Raises:
        DataError: There is none, or there are several.
    """
    import pathlib

    found = sorted(pathlib.Path(folder).rglob(pattern))
    found = [path for path in found if "__MACOSX" not in path.parts]
    if len(found) != 1:
        raise DataError(
            f"The archive must hold one {pattern!r}. Received: {len(found)} "
            f"under {str(folder)!r}. Its publisher may have changed it; "
            "prepare the set from an older copy of the archive."
        )
    return found[0]


def read_table(path, columns):
    """A text file of finite numbers, shape (rows, columns), as float64.

    Raises:
        DataError: It is something else.
    """
    try:
        values = np.loadtxt(path, dtype=np.float64, ndmin=2)
    except ValueError as error:
        raise DataError(
            f"{str(path)!r} must be a table of numbers: {error}."
        ) from error
    shaped = values.ndim == 2 and values.shape[1:] == (columns,)
    if not shaped or not len(values) or not np.isfinite(values).all():
        raise DataError(
            f"{str(path)!r} must hold rows of {columns} finite numbers. "
            f"Received: shape {values.shape}."
        )
    return values
