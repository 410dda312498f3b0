"""Which parts of a picture an attacker looks at."""

import numpy as np

from kprivacy.errors import UserError, check_count


def occlusion_map(scores, images, labels, patch=8, stride=4, fill=None):
    """How much of the right class's probability hiding each place takes.

    Args:
        scores: Function from images to the probability of each class, shape
            (examples, classes): a fitted attacker's `predict` on a release,
            say.
        images: Shape (examples, height, width, channels).
        labels: Class indices, shape (examples,).
        patch: Side of the square that hides, pixels.
        stride: Pixels from one place to the next.
        fill: What it shows; None for the mean of all images.

    Returns:
        float64 array (examples, height, width): the mean, over the squares
        that cover a pixel, of the probability lost; below 0 where hiding
        helps.

    Raises:
        UserError: The images are no batch of images, or smaller than the
            square.

    Reference: Zeiler and Fergus, Visualizing and understanding convolutional
    networks, 2014.
    """
    check_count("patch", patch)
    check_count("stride", stride)
    images = np.asarray(images, np.float32)
    if images.ndim != 4 or min(images.shape[1:3]) < patch:
        raise UserError(
            "`images` must have the shape (examples, height, width, channels)"
            f", of sides of at least {patch}. Received: {images.shape}."
        )
    rows = np.arange(len(images))
    fill = images.mean() if fill is None else fill
    whole = np.asarray(scores(images), np.float64)[rows, labels]
    lost = np.zeros(images.shape[:3])
    covered = np.zeros(images.shape[1:3])
    for top in _places(images.shape[1], patch, stride):
        for left in _places(images.shape[2], patch, stride):
            where = np.s_[top : top + patch, left : left + patch]
            hidden = images.copy()
            hidden[:, *where] = fill
            found = np.asarray(scores(hidden), np.float64)[rows, labels]
            lost[:, *where] += (whole - found)[:, None, None]
            covered[where] += 1
    return lost / covered


def _places(size, patch, stride):
    """Where squares begin: every `stride`, and at the far edge."""
    return sorted({*range(0, size - patch + 1, stride), size - patch})
