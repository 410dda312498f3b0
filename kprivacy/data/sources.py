"""Where data come from: each source gives (train, test or None, classes).

Train and test are pairs of arrays (data, labels); uint8 stands for images in
0..255, floats for images in [0, 1] or signals.
"""

import numpy as np

from kprivacy.data import image_folder, tfds_source
from kprivacy.data.errors import DataError


def read(name, data_dir=None, download=False, image_size=None):
    """Reads a data set by the names that `kprivacy.data.load` takes."""
    if not isinstance(name, str):
        return _from_arrays(name)
    if name == "digits":
        return _digits()
    if name.startswith("image_folder:"):
        train, test, classes = image_folder.read(
            name.partition(":")[2], image_size
        )
        return _mixed(train), test, classes
    return tfds_source.read(name, data_dir, download)


def _digits():
    """scikit-learn's 1,797 digits of 8 x 8, enlarged to 28 x 28 x 1."""
    from PIL import Image
    from sklearn.datasets import load_digits

    bunch = load_digits()
    small = (bunch.images * (255 / 16)).round().astype(np.uint8)
    large = [
        np.asarray(Image.fromarray(x).resize((28, 28), Image.BILINEAR))
        for x in small
    ]
    data = np.stack(large)[..., None]
    return (data, bunch.target.astype(np.int32)), None, 10


def _from_arrays(value):
    """A pair (data, labels), or two pairs (train, test)."""
    try:
        first, second = value
        nested = isinstance(first, (tuple, list)) and len(first) == 2
        train = _checked(*(first if nested else value))
        test = _checked(*second) if nested else None
    except (TypeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            "`name` must be a name, a pair of arrays (data, labels) or two "
            f"such pairs (train, test). Received: {type(value).__name__}."
        ) from error
    labels = [train[1]] if test is None else [train[1], test[1]]
    if test and test[0].shape[1:] != train[0].shape[1:]:
        raise DataError(
            "Training and test data must have one shape. Received: "
            f"{train[0].shape[1:]} and {test[0].shape[1:]} an example."
        )
    num_classes = int(max(part.max() for part in labels)) + 1
    return _mixed(train), test and _mixed(test), num_classes


def _mixed(pair):
    """A pair in a fixed order: slices of sorted data would miss classes."""
    order = np.random.default_rng(0).permutation(len(pair[1]))
    return pair[0][order], pair[1][order]


def _checked(data, labels):
    data, labels = np.asarray(data), np.asarray(labels)
    if data.ndim == 3 and data.dtype == np.uint8:
        raise DataError(
            "Images must have a channel axis. Received: uint8 of shape "
            f"{data.shape}. Pass `data[..., None]`."
        )
    if data.ndim not in (3, 4) or labels.shape != (len(data),):
        raise DataError(
            "Arrays must be data of shape (examples, height, width, channels)"
            " or (examples, steps, channels) with labels of shape "
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
    return data, labels
