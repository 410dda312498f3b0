"""What a protection did to each picture, measured on the stored file."""

import numpy as np

FIELDS = ("file", "output", "width", "height", "format", "linf", "mean",
          "kept", "psnr", "ssim", "note")
# Shares below which a picture is hardly protected: of the bound that its mean
# change has to have, and of its noise that has to be kept.
OF_BOUND, OF_NOISE = 1 / 4, 1 / 2
# SSIM's window, and how far it reaches from its middle.
WINDOW, REACH = 7, 3
# Pixels that are compared at once.
STRIP = 1_000_000


def measure(original, stored):
    """How far a stored picture is from its original.

    Args:
        original: `Picture`.
        stored: `Picture` of the same size.

    Returns:
        A dict: `linf`, the largest difference of a pixel in levels of 8
        bits; `mean`, that of all pixels and channels; `psnr` in dB, None
        without a difference; `ssim`, None of pictures of fewer than 7 pixels
        a side.
    """
    error, linf, total = 0.0, 0.0, 0.0
    height, width = original.colours.shape[:2]
    for part in strips(height, width):
        a, b = floats(original, stored, part)
        change = np.abs(b - a)
        error += float(np.sum(change**2)) / a.shape[2]
        total += float(np.sum(change)) / a.shape[2]
        linf = max(linf, float(change.max()))
    error /= height * width
    return {
        "linf": round(linf, 3),
        "mean": round(total / (height * width), 6),
        "psnr": 10 * float(np.log10(255**2 / error)) if error else None,
        "ssim": _ssim(original, stored),
    }


def kept(original, sent, stored):
    """The share of the noise that a stored picture has.

    Args:
        original: `Picture`.
        sent: `Picture` that was to be stored, not the original.
        stored: What came back, of the same size.

    Returns:
        <stored - original, sent - original> / ||sent - original||^2: 1 if
        nothing was lost, about 0 if all of the noise was.
    """
    if np.array_equal(sent.colours, stored.colours):
        return 1.0
    both, whole = 0.0, 0.0
    for part in strips(*original.colours.shape[:2]):
        a, b = floats(original, stored, part)
        noise = floats(original, sent, part)[1] - a
        both += float(np.sum((b - a) * noise))
        whole += float(np.sum(noise**2))
    return round(both / whole, 4)


def hardly(mean, bound, share):
    """Whether a picture is hardly protected.

    Args:
        mean: Its mean change, in the bound's unit.
        bound: What the mean has to be a share of.
        share: What is `kept` of its noise, or None where that is unknown.
    """
    return mean < OF_BOUND * bound or (share is not None and share < OF_NOISE)


def same_size(original, stored):
    """Whether two pictures have the same height and width."""
    return original.colours.shape[:2] == stored.colours.shape[:2]


def row(name, output, original, stored, note=""):
    """What the report says of one file."""
    height, width = original.colours.shape[:2]
    return {
        "file": name, "output": output, "width": width, "height": height,
        "format": stored.format, **measure(original, stored),
        "note": "; ".join(one for one in (original.note, note) if one),
    }


def strips(height, width):
    """Slices of rows, of so many that memory stays small."""
    rows = max(1, STRIP // width)
    return [slice(top, min(top + rows, height))
            for top in range(0, height, rows)]


def floats(original, stored, part):
    """A part of both, in levels of 8 bits, with as many channels."""
    a, b = (
        one.colours[part].astype(np.float64) / one.levels
        for one in (original, stored)
    )
    if a.shape[2] != b.shape[2]:
        a, b = (np.broadcast_to(one, (*one.shape[:2], 3)) for one in (a, b))
    return a, b


def _ssim(original, stored):
    """Of the whole picture: strips overlap by what a window sees."""
    from skimage.metrics import structural_similarity

    height, width = original.colours.shape[:2]
    if min(height, width) < WINDOW:
        return None
    total, inner = 0.0, height - 2 * REACH
    for part in strips(inner, width):
        a, b = floats(
            original, stored, slice(part.start, part.stop + 2 * REACH)
        )
        total += (part.stop - part.start) * float(structural_similarity(
            a, b, win_size=WINDOW, data_range=255, channel_axis=-1
        ))
    return total / inner
