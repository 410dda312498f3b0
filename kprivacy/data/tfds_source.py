"""Data sets by their TFDS names, and errors that come before the waiting."""

import numpy as np

from kprivacy.data.errors import DataError

_SECONDS_TO_ANSWER = 5


def read(name, data_dir, download):
    """Reads a prepared TFDS set, or prepares it where `download` says so."""
    import tensorflow_datasets as tfds

    builder = _builder(tfds, name, data_dir)
    if not _is_prepared(builder):
        _prepare(builder, name, download)
    splits = builder.info.splits
    keys = _keys(builder.info.features, name)
    if None in builder.info.features[keys[0]].shape:
        raise DataError(
            f"Data set {name!r} has examples of several sizes: "
            f"{builder.info.features[keys[0]].shape}. Resize them to one "
            "size, for example in a folder for 'image_folder:PATH'."
        )
    if "train" not in splits:
        raise DataError(
            f"Data set {name!r} must have a split 'train'. Received: "
            f"{', '.join(splits)}. Load it yourself and pass arrays."
        )
    train = _read_split(tfds, builder, "train", keys, name)
    test = None
    if "test" in splits:
        test = _read_split(tfds, builder, "test", keys, name)
    label = builder.info.features[keys[1]]
    num_classes = getattr(label, "num_classes", None)
    if not num_classes:
        num_classes = int(train[1].max()) + 1
    return train, test, num_classes


def _builder(tfds, name, data_dir):
    try:
        return tfds.builder(name, data_dir=data_dir)
    except (tfds.core.DatasetNotFoundError, ValueError) as error:
        raise DataError(
            f"Unknown data set {name!r}. Expected 'digits', "
            "'image_folder:PATH', a pair of arrays, or a name of TensorFlow "
            "Datasets (https://www.tensorflow.org/datasets/catalog). Sets "
            "prepared elsewhere are found through TFDS_DATA_DIR or "
            f"`data_dir`. Received: data_dir={data_dir!r}."
        ) from error


def _is_prepared(builder):
    return bool(builder.info.splits) and builder.data_path.exists()


def _prepare(builder, name, download):
    if not download:
        raise DataError(
            f"Data set {name!r} is not prepared in {builder.data_path}. "
            "Point TFDS_DATA_DIR or `data_dir` at the folder that holds it, "
            "or let TFDS download it: `download=True` here, "
            f"`--config.data.download=True` for the binaries, or `tfds build "
            f"{name}` on a machine with a network."
        )
    _check_network(builder, name)
    try:
        builder.download_and_prepare()
    except Exception as error:
        raise DataError(
            f"Data set {name!r} could not be downloaded and prepared in "
            f"{builder.data_path}: {error}. Try "
            f"again, or prepare it elsewhere with `tfds build {name}` and "
            "copy the folder."
        ) from error


def _check_network(builder, name):
    """Asks the first download's host once; TFDS alone retries for minutes."""
    import requests

    urls = list(getattr(builder, "url_infos", None) or ())
    if not urls:
        return
    try:
        requests.head(
            urls[0], timeout=_SECONDS_TO_ANSWER, allow_redirects=True
        )
    except requests.RequestException as error:
        raise DataError(
            f"Data set {name!r} has to be downloaded from {urls[0]}, which "
            f"did not answer ({type(error).__name__}). Connect to the "
            "network, set HTTPS_PROXY if you are behind a proxy, or prepare "
            f"the set elsewhere with `tfds build {name}` and point "
            "TFDS_DATA_DIR at it. 'digits' needs no network."
        ) from error


def _keys(features, name):
    """The keys of the data and of its label."""
    candidates = ("image", "signals", "log_mel")
    data = next((key for key in candidates if key in features), None)
    if data is None or "label" not in features:
        raise DataError(
            f"Data set {name!r} must have a feature 'label' and one of "
            f"{', '.join(map(repr, candidates))}. Received: "
            f"{', '.join(features)}. Load it yourself and pass arrays."
        )
    return data, "label"


def _read_split(tfds, builder, split, keys, name):
    try:
        whole = tfds.as_numpy(
            builder.as_dataset(split=split, batch_size=-1)
        )
    except Exception as error:
        raise DataError(
            f"Split {split!r} of data set {name!r} in {builder.data_path} "
            f"cannot be read ({type(error).__name__}: {error}). The files "
            "are damaged or incomplete: delete that folder and prepare the "
            "set again."
        ) from error
    data, labels = whole[keys[0]], whole[keys[1]]
    return data, np.asarray(labels).astype(np.int32)
