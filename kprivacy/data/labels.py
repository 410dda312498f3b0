"""Which feature is the class, and its values as 0, 1, 2, ..."""

import dataclasses

import numpy as np

from kprivacy.data.errors import DataError


@dataclasses.dataclass
class Classes:
    """The classes of a set.

    Attributes:
        name: The feature.
        count: Number of classes.
        values: The feature's values in the order of the classes, or None
            where they are 0, 1, ... already.
    """

    name: str
    count: int
    values: np.ndarray | None = None


def choose(source, name):
    """Finds the classes of the feature `name`.

    Raises:
        DataError: There is no such feature, or it is not one of integers.
    """
    if name not in source.feature_names:
        found = ", ".join(map(repr, source.feature_names)) or "none"
        raise DataError(
            "`label` must be a scalar feature of the set. Its features are: "
            f"{found}. Received: label={name!r}."
        )
    if name in source.num_classes:
        return Classes(name, source.num_classes[name])
    every = [source.features(split)[name] for split in source.sizes]
    if not np.issubdtype(every[0].dtype, np.integer):
        raise DataError(
            f"`label` must be a feature of integers. Received: {name!r} of "
            f"{every[0].dtype}. Choose another one, or divide its range into "
            "classes yourself and pass arrays."
        )
    values = np.unique(np.concatenate(every))
    return Classes(name, len(values), values)


def split_off(features, classes):
    """Divides features into (int32 labels, dict of the others)."""
    others = {k: x for k, x in features.items() if k != classes.name}
    labels = features[classes.name]
    if classes.values is not None:
        labels = np.searchsorted(classes.values, labels)
    if labels.size and labels.min() < 0:
        raise DataError(
            f"Every example must have a class. Received: {labels.min()} in "
            f"{classes.name!r}, which stands for none."
        )
    return labels.astype(np.int32), others
