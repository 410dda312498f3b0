"""Checks of labelled pictures that functions are given as `Arrays`."""

import numpy as np

from kprivacy.errors import UserError


def check(**parts):
    """Raises unless all parts are pictures of one shape and one set's classes.

    Args:
        **parts: Name, for the sentence, to `kprivacy.data.Arrays`: data float
            (examples, height, width, channels) in [0, 1], one example at
            least; labels integers, (examples,), from 0 to `num_classes` - 1.

    Raises:
        UserError: One is not; or shapes or numbers of classes differ.
    """
    for name, one in parts.items():
        _check_data(name, one)
        _check_labels(name, one)
    shapes = {name: one.data.shape for name, one in parts.items()}
    if len({shape[1:] for shape in shapes.values()}) > 1:
        raise UserError(
            "All parts must be images of one shape. Received: "
            + ", ".join(f"{name} {shape}" for name, shape in shapes.items())
            + "."
        )
    counts = {name: one.num_classes for name, one in parts.items()}
    if len(set(counts.values())) > 1:
        raise UserError(
            "All parts must have the classes of one data set. Received: "
            + ", ".join(f"{name} {count}" for name, count in counts.items())
            + ". Give all of them the same `num_classes`, which may be more "
            "than a part has examples of."
        )


def check_same(**parts):
    """Raises unless both parts may be the same pictures, in one order.

    Args:
        **parts: As for `check`, two of them.

    Raises:
        UserError: One is no such part, or their labels differ.
    """
    check(**parts)
    names = " and ".join(f"`{name}`" for name in parts)
    one, other = parts.values()
    if not np.array_equal(one.labels, other.labels):
        raise UserError(
            f"{names} must be the same examples, in one order. Received: "
            f"{len(one)} and {len(other)} with labels that differ."
        )


def fits(wanted, shape):
    """Whether two shapes may be the same, None standing for any size."""
    return len(wanted) == len(shape) and all(
        None in (a, b) or a == b for a, b in zip(wanted, shape)
    )


def levels(bound):
    """A bound in [0, 1] as whole levels of 8 bits.

    Args:
        bound: A number; what is more than whole levels is cut off.

    Returns:
        An int from 1 to 255.

    Raises:
        UserError: It is no number, less than a level, or above 1.
    """
    if not isinstance(bound, (int, float)) or not 0 < bound < 1 + 1e-6:
        whole = 0
    else:
        whole = int(np.floor(bound * 255 + 1e-6))
    if not whole:
        raise UserError(
            "`bound` must be at least one level of 255, 1/255, and at most 1. "
            f"Received: bound={bound!r}."
        )
    return whole


def _check_data(name, one):
    data = getattr(one, "data", None)
    if not isinstance(data, np.ndarray) or not hasattr(one, "num_classes"):
        raise UserError(
            f"`{name}` must be `kprivacy.data.Arrays` of labelled images. "
            f"Received: {type(one).__name__}. Give "
            "kprivacy.data.Arrays(images, labels, num_classes)."
        )
    if data.ndim != 4 or not len(data):
        raise UserError(
            f"`{name}` must be images (examples, height, width, channels). "
            f"Received: shape {data.shape}."
        )
    low, high = data.min(), data.max()
    if not (0 <= low <= high <= 1):
        raise UserError(
            f"`{name}` must be images in [0, 1]. Received: values from {low} "
            f"to {high}. Divide bytes by 255."
        )


def _check_labels(name, one):
    labels = np.asarray(one.labels)
    if labels.shape != (len(one.data),) or labels.dtype.kind not in "iu":
        raise UserError(
            f"`{name}` must have one label for each image, an integer. "
            f"Received: {len(one.data)} images, labels {labels.dtype} of "
            f"shape {labels.shape}. Of one-hot labels take the argmax."
        )
    low, high = labels.min(), labels.max()
    if low < 0 or high >= one.num_classes:
        raise UserError(
            f"`{name}` must have labels from 0 to {one.num_classes - 1}. "
            f"Received: labels from {low} to {high}."
        )
