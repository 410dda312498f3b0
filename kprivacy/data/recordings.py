"""Sets of overlapping windows, divided by recording."""

import numpy as np

from kprivacy.data.errors import DataError
from kprivacy.data.rows import MemorySource, Rows


def find(source, name):
    """Divides a set of windows of signals so that no recording is in two.

    Windows that overlap by half are put together to the bouts that they were
    cut from; the bouts of a subject and label are parted into two halves
    that differ most in their mean signal, as two recordings do in which the
    device sat a little differently. One half of all is the split "train",
    the other "test": the same subjects, other recordings. Pass
    `group="bout"` to `kprivacy.data.load`, so that no bout is divided.

    Args:
        source: A source of signals with the features "label" and "subject".
        name: What errors call it.

    Returns:
        A source with the further feature "bout".

    Raises:
        DataError: The set has no subjects, or its windows do not overlap.
    """
    if "subject" not in source.feature_names or len(source.shape) != 2:
        raise DataError(
            "`recordings:` takes a set of signals with the features 'label' "
            f"and 'subject'. Received: {name!r}, examples of {source.shape} "
            f"with {', '.join(source.feature_names)}."
        )
    parts = [
        source.rows(split, np.arange(size))
        for split, size in source.sizes.items()
    ]
    data = np.concatenate([one.data for one in parts])
    features = {
        key: np.concatenate([one.features[key] for one in parts])
        for key in source.feature_names
    }
    features["bout"] = bouts(data, name)
    second = _second(data, features)
    rows = Rows(data, features)
    return MemorySource(
        rows.take(np.flatnonzero(~second)),
        rows.take(np.flatnonzero(second)),
        source.num_classes,
    )


def bouts(data, name="windows"):
    """Numbers the bouts that windows were cut from.

    A window follows another where it begins with that one's second half.

    Args:
        data: Shape (windows, steps, channels), steps an even number.

    Returns:
        int64 array (windows,).
    """
    half = data.shape[1] // 2
    begins = {data[i, :half].tobytes(): i for i in range(len(data))}
    follows = np.array([
        begins.get(one[half:].tobytes(), -1) for one in data
    ])
    if (follows < 0).all():
        raise DataError(
            "Windows must overlap by half, so that it can be seen which were "
            f"cut from one recording. Received: {name!r}, none of whose "
            f"{len(data)} windows does."
        )
    found = np.full(len(data), -1)
    heads = np.setdiff1d(np.arange(len(data)), follows[follows >= 0])
    for number, i in enumerate(heads):
        while i >= 0 and found[i] < 0:
            found[i], i = number, follows[i]
    # Windows in a circle, which constant signals can make.
    rest = found < 0
    found[rest] = len(heads) + np.arange(rest.sum())
    return found


def _second(data, features):
    """Whether each window belongs to the second half of the bouts."""
    numbers, first, which = np.unique(
        features["bout"], return_index=True, return_inverse=True
    )
    counts = np.bincount(which)
    means = np.zeros((len(numbers), data.shape[2]))
    np.add.at(means, which, data.mean(axis=1, dtype=np.float64))
    means /= counts[:, None]
    subjects = features["subject"][first]
    labels = features["label"][first]
    second = np.zeros(len(numbers), bool)
    for subject in np.unique(subjects):
        mine = subjects == subject
        apart = means[mine].copy()
        for label in np.unique(labels[mine]):
            some = labels[mine] == label
            apart[some] -= apart[some].mean(axis=0)
        common = _direction(apart)
        for label in np.unique(labels[mine]):
            some = labels[mine] == label
            own = _direction(apart[some])
            own = own if own @ common >= 0 else -own
            ranks = np.argsort(np.argsort(apart[some] @ own))
            where = np.flatnonzero(mine)[some]
            second[where] = ranks >= (len(where) + 1) // 2
    return second[which]


def _direction(apart):
    """The direction in which rows differ most."""
    return np.linalg.svd(apart, full_matrices=False)[2][0]
