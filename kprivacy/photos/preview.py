"""Pictures of what a protection does, for the owner's eyes."""

import hashlib
import io
import os
import pathlib

import numpy as np

from kprivacy import files
from kprivacy.photos import report

# The side at most, and where the largest noise is to end.
SIDE, NOISE = 1024, 120
# Bytes of a name; with the ending, and while it is written, it has more.
LONGEST = 200
# The text of a preview that says of which copy it is.
MARK = "kprivacy copy"


def path(folder, name):
    """Where the preview of a picture lies."""
    whole = pathlib.Path(folder).expanduser() / name
    last = whole.name
    if len(os.fsencode(last)) > LONGEST:
        short = hashlib.sha256(os.fsencode(last)).hexdigest()[:16]
        last = f"{last[:LONGEST // 8]}-{short}"
    return whole.with_name(f"{last}.preview.png")


def is_of(folder, name, copy):
    """Whether there is a preview of a picture, and it is of this very copy.

    Args:
        folder: Of previews.
        name: Of the picture.
        copy: Size and time of its protected copy.
    """
    from PIL import Image

    try:
        with Image.open(path(folder, name), formats=("PNG",)) as image:
            return image.info.get(MARK) == str(copy)
    except (OSError, ValueError, SyntaxError):
        return False


def write(folder, name, original, stored, copy):
    """Original, protected, noise times k, beside each other.

    Args:
        folder: Of previews.
        name: Of the picture.
        original: `Picture`.
        stored: Likewise, of its protected copy.
        copy: Size and time of that, for `is_of`.
    """
    from PIL import Image, PngImagePlugin

    height, width = original.colours.shape[:2]
    parts = report.strips(height, width)
    largest = max(
        np.abs(after - before).max()
        for before, after in (_pair(original, stored, one) for one in parts)
    )
    factor = NOISE / max(largest, 1)
    row = np.empty((height, 3, width, 3), np.uint8)
    for one in parts:
        before, after = _pair(original, stored, one)
        noise = np.clip(127.5 + factor * (after - before), 0, 255)
        for place, held in enumerate((before, after, noise)):
            row[one, place] = held
    image = Image.fromarray(row.reshape(height, 3 * width, 3))
    image.thumbnail((3 * SIDE, SIDE))
    content = io.BytesIO()
    mark = PngImagePlugin.PngInfo()
    mark.add_text(MARK, str(copy))
    image.save(content, "PNG", pnginfo=mark)
    files.write_bytes(path(folder, name), content.getvalue())


def _pair(original, stored, part):
    """Whole levels of 8 bits of a part of both."""
    return [np.rint(one) for one in report.floats(original, stored, part)]
