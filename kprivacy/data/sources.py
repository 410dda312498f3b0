"""Where data come from: each name leads to a source.

A source has `sizes` of its splits "train" and, where it has its own test
data, "test"; `features(split)`, `rows(split, indices)`, `feature_names`,
`num_classes`, the `shape` of an example, and says whether it is divided
`in_blocks` and whether it `streams`.
"""

import numpy as np

from kprivacy.data import generated, image_folder, recordings, tfds_source
from kprivacy.data.errors import DataError
from kprivacy.data.rows import MemorySource, Rows


def find(name, data_dir=None, download=False, image_size=None):
    """Finds a data set by the names that `kprivacy.data.load` takes."""
    image_size = _checked_size(image_size)
    if name == "digits":
        return _digits(image_size or (28, 28))
    source = _in_memory(name)
    if source is not None:
        if image_size:
            raise DataError(
                "`image_size` is for sets of images that are read. Received: "
                f"{image_size} for "
                f"{name if isinstance(name, str) else 'arrays'}."
            )
        return source
    if name.startswith("image_folder:"):
        images, labels, classes = image_folder.read(
            name.partition(":")[2], image_size
        )
        rows = _mixed(Rows(images, {"label": labels}))
        return MemorySource(rows, None, {"label": classes})
    if name.startswith("recordings:"):
        name = name.partition(":")[2]
        source = tfds_source.find(name, data_dir, download, image_size)
        return recordings.find(source, name)
    return tfds_source.find(name, data_dir, download, image_size)


def _in_memory(name):
    """The source of arrays or of a generated set, or None."""
    if not isinstance(name, str):
        return _from_arrays(name)
    if name == "diabetes":
        return generated.diabetes()
    return generated.find(name)


def class_names(name, key, data_dir=None):
    """Names of the classes of one feature of a prepared TFDS set.

    Args:
        name: As for `kprivacy.data.load`.
        key: Of the feature.
        data_dir: Likewise.

    Returns:
        A tuple of strings, or None where the set names none.
    """
    source = find(name, data_dir)
    return source.class_names(key) if hasattr(source, "class_names") else None


def _checked_size(image_size):
    if image_size is None:
        return None
    try:
        height, width = (int(side) for side in image_size)
    except (TypeError, ValueError):
        height = width = 0
    if min(height, width) < 1:
        raise DataError(
            "`image_size` must be (height, width) in pixels. Received: "
            f"{image_size!r}."
        )
    return height, width


def _digits(size):
    """scikit-learn's 1,797 digits of 8 x 8, enlarged to (height, width)."""
    from PIL import Image
    from sklearn.datasets import load_digits

    bunch = load_digits()
    small = (bunch.images * (255 / 16)).round().astype(np.uint8)
    large = [
        np.asarray(Image.fromarray(x).resize(size[::-1], Image.BILINEAR))
        for x in small
    ]
    labels = bunch.target.astype(np.int32)
    rows = Rows(np.stack(large)[..., None], {"label": labels})
    return MemorySource(rows, None, {"label": 10})


def _from_arrays(value):
    """(data, labels[, attributes]), or two of these (train, test)."""
    try:
        nested = len(value) == 2 and all(
            isinstance(one, (tuple, list)) and len(one) in (2, 3)
            for one in value
        )
        train = _checked(*(value[0] if nested else value))
        test = _checked(*value[1]) if nested else None
    except (TypeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            "`name` must be a name, arrays (data, labels) or (data, labels, "
            "attributes), or two of these (train, test). Received: "
            f"{type(value).__name__}."
        ) from error
    if test:
        _check_alike(train, test)
    labels = [rows.features["label"] for rows in (train, test) if rows]
    num_classes = int(max(part.max() for part in labels)) + 1
    return MemorySource(
        _mixed(train), test and _mixed(test), {"label": num_classes}
    )


def _check_alike(train, test):
    if test.data.shape[1:] != train.data.shape[1:]:
        raise DataError(
            "Training and test data must have one shape. Received: "
            f"{train.data.shape[1:]} and {test.data.shape[1:]} an example."
        )
    if set(train.features) != set(test.features):
        raise DataError(
            "Training and test data must have the same attributes. Received: "
            f"{sorted(train.features)} and {sorted(test.features)}."
        )


def _mixed(rows):
    """Rows in a fixed order: slices of sorted data would miss classes."""
    return rows.take(np.random.default_rng(0).permutation(len(rows)))


def _checked(data, labels, attributes=()):
    data, labels = np.asarray(data), np.asarray(labels)
    _check_data(data, labels)
    attributes = {key: np.asarray(x) for key, x in dict(attributes).items()}
    for key, values in attributes.items():
        numeric = np.issubdtype(values.dtype, np.number)
        if values.shape != labels.shape or not numeric or key == "label":
            raise DataError(
                f"Attributes must be numbers of shape {labels.shape}, under "
                f"names other than 'label'. Received: {key!r}, "
                f"{values.dtype} of shape {values.shape}."
            )
        if not np.issubdtype(values.dtype, np.integer):
            attributes[key] = values.astype(np.float32)
    return Rows(data, {**attributes, "label": labels})


def _check_data(data, labels):
    if data.ndim == 3 and data.dtype == np.uint8:
        raise DataError(
            "Images must have a channel axis. Received: uint8 of shape "
            f"{data.shape}. Pass `data[..., None]`."
        )
    if data.ndim not in (2, 3, 4) or labels.shape != (len(data),):
        raise DataError(
            "Arrays must be data of shape (examples, height, width, channels)"
            ", (examples, steps, channels) or (examples, d) with labels of "
            "shape "
            f"(examples,). Received: {data.shape} and {labels.shape}."
        )
    if not len(labels):
        raise DataError("Arrays must hold examples. Received: none.")
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0:
        raise DataError(
            "Labels must be integers from 0 on. Received: dtype "
            f"{labels.dtype}, smallest {labels.min()}."
        )
    if not np.isfinite(data).all():
        raise DataError("Data must be finite. Received NaN or infinity.")
    image = data.ndim == 4 and data.dtype != np.uint8
    if image and (data.min() < 0 or data.max() > 1):
        raise DataError(
            "Images must be uint8 in 0..255 or floats in [0, 1]. Received: "
            f"{data.dtype} from {data.min():g} to {data.max():g}. Scale them "
            "first."
        )
