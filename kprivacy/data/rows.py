"""What a source gives: examples with scalar features, by split."""

import dataclasses

import numpy as np


@dataclasses.dataclass
class Rows:
    """Some examples: data of shape (examples, ...), and what is known of each.

    Attributes:
        data: uint8 images in 0..255, or floats: images in [0, 1], signals.
        features: Name to array of shape (examples,), integer or float32; the
            label is one of them.
    """

    data: np.ndarray
    features: dict

    def __len__(self):
        return len(self.data)

    def take(self, indices):
        """The rows at `indices`, in that order."""
        features = {key: x[indices] for key, x in self.features.items()}
        return Rows(self.data[indices], features)


class MemorySource:
    """A data set in memory.

    Args:
        train: `Rows`.
        test: `Rows`, or None where the set has no test data of its own.
        num_classes: Name of a feature to its number of classes, for those
            whose values are 0, 1, ... already.
    """

    in_blocks = False
    streams = False

    def __init__(self, train, test, num_classes):
        self._rows = {"train": train}
        if test is not None:
            self._rows["test"] = test
        self.num_classes = num_classes
        self.sizes = {key: len(rows) for key, rows in self._rows.items()}
        self.feature_names = tuple(train.features)
        self.shape = train.data.shape[1:]

    def features(self, split):
        """All scalar features of a whole split, name to array."""
        return self._rows[split].features

    def rows(self, split, indices):
        """The `Rows` of a split at `indices`, in that order."""
        return self._rows[split].take(indices)
