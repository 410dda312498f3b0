"""Scalar features of a TFDS set, whatever they are nested in."""

import numpy as np


def scalars(features, prefix=""):
    """Pairs (path, number of classes or None) of the numeric scalars.

    Features in a dictionary have paths such as "attributes/Smiling".
    """
    import tensorflow_datasets as tfds

    for key, feature in features.items():
        path = f"{prefix}{key}"
        if isinstance(feature, tfds.features.FeaturesDict):
            yield from scalars(feature, f"{path}/")
            continue
        kind = np.dtype(feature.np_dtype).kind
        if feature.shape == () and kind in "biuf":
            classes = getattr(feature, "num_classes", None)
            yield path, 2 if kind == "b" else classes


def select(example, paths):
    """The features of an example, or of a batch, by their paths."""
    return {path: _lookup(example, path) for path in paths}


def as_numbers(features):
    """Integers as int64, floats as float32."""
    return {
        path: np.asarray(x).astype(
            np.float32 if x.dtype.kind == "f" else np.int64
        )
        for path, x in features.items()
    }


def _lookup(example, path):
    for key in path.split("/"):
        example = example[key]
    return example
