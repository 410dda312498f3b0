"""Pictures of what a protection does, for the owner's eyes."""

import io
import pathlib

import numpy as np

from kprivacy import files

# The side at most, and where the largest noise is to end.
SIDE, NOISE = 1024, 120


def path(folder, name):
    """Where the preview of a picture lies."""
    return pathlib.Path(folder).expanduser() / f"{name}.preview.png"


def write(folder, name, original, stored):
    """Original, protected, noise times k, beside each other."""
    from PIL import Image

    before, after = (
        np.rint(one.colours / one.levels) for one in (original, stored)
    )
    before, after = (
        np.broadcast_to(one, (*one.shape[:2], 3)) for one in (before, after)
    )
    change = after - before
    factor = NOISE / max(np.abs(change).max(), 1)
    noise = np.clip(127.5 + factor * change, 0, 255)
    row = np.concatenate([before, after, noise], axis=1).astype(np.uint8)
    image = Image.fromarray(row)
    image.thumbnail((3 * SIDE, SIDE))
    content = io.BytesIO()
    image.save(content, "PNG")
    files.write_bytes(path(folder, name), content.getvalue())
