"""What comes from strangers: image files, and names."""

import contextlib
import pathlib
import warnings

from kprivacy.errors import UserError

ADVICE = "Replace it or move it out of the folder."


@contextlib.contextmanager
def opened(file, formats, most_pixels, error=UserError, advice=ADVICE):
    """Yields an image file as a `PIL.Image`, not yet decoded.

    Pillow gets the open file: of a path it would map some uncompressed ones,
    with rows of a wrong length where EXIF turns them.

    Args:
        file: Its path, or what can be read like an open file.
        formats: Pillow's names of those that are read.
        most_pixels: What has more is refused before it is decoded.
        error: Raised, a `UserError`.
        advice: What to do about a file that is none of these.

    Raises:
        UserError: It is no image of these, or has too many pixels, or is
            found damaged while it is decoded.
    """
    from PIL import Image

    try:
        with _readable(file) as source, warnings.catch_warnings():
            # Pillow's own limit, which is the same for everybody.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            # On what is damaged beside the pixels.
            warnings.filterwarnings("ignore", module=r"PIL\.")
            with Image.open(source, formats=formats) as image:
                _check_pixels(file, image, most_pixels, error)
                yield image
    except UserError:
        raise
    except PermissionError as cause:
        raise error(
            f"{str(file)!r} cannot be read ({cause.strerror}). Allow it, or "
            "move it out of the folder."
        ) from cause
    except Exception as cause:
        raise error(
            f"{str(file)!r} is not a readable image of {', '.join(formats)} "
            f"({type(cause).__name__}: {cause}). {advice}"
        ) from cause


def _readable(file):
    """An open file, which is closed afterwards if it is opened here."""
    if hasattr(file, "read"):
        return contextlib.nullcontext(file)
    return open(file, "rb")


def _check_pixels(file, image, most, error):
    pixels = image.size[0] * image.size[1]
    if pixels > most:
        raise error(
            f"{str(file)!r} has {pixels:,} pixels; at most {most:,} are "
            "read. Make it smaller or move it out of the folder."
        )


def is_inside(name):
    """Whether a name from a stranger stays inside the folder it is for."""
    if not isinstance(name, str) or "\0" in name:
        return False
    path = pathlib.Path(name)
    return not (path.is_absolute() or path.drive or ".." in path.parts)
