"""Finds and prepares TFDS sets; errors come before the waiting."""

from kprivacy.data import builders
from kprivacy.data.errors import DataError

_SECONDS_TO_ANSWER = 5


def find(name, data_dir, download):
    """Finds a prepared copy, or prepares one where `download` says so.

    Names are looked up among prepared copies, then among this package's own
    builders, then in TFDS's registry.
    """
    import tensorflow_datasets as tfds

    builder = _builder(tfds, name, data_dir)
    if not _is_prepared(builder):
        _prepare(builder, name, download)
    return builder


def prepare(name, data_dir=None, manual_dir=None, register_checksums=False):
    """Downloads and prepares a TFDS set, unless that was done already.

    Args:
        name: A TFDS name, or one of this package's own builders.
        data_dir: Folder of prepared sets; TFDS_DATA_DIR or TFDS's own default
            if None.
        manual_dir: Folder of what has to be brought by hand;
            `data_dir`/downloads/manual if None.
        register_checksums: Whether the checksums of what is downloaded are
            recorded, in checksums.tsv beside the builder, and later downloads
            compared with them.

    Returns:
        The folder of the prepared set.

    Raises:
        DataError: The set is unknown, or cannot be downloaded or prepared.
    """
    import tensorflow_datasets as tfds

    builder = _builder(tfds, name, data_dir)
    if not _is_prepared(builder):
        _prepare(builder, name, True, manual_dir, register_checksums)
    return str(builder.data_path)


def _builder(tfds, name, data_dir):
    try:
        if name in builders.NAMES:
            return _own(tfds, name, data_dir)
        return tfds.builder(name, data_dir=data_dir)
    except (tfds.core.DatasetNotFoundError, ValueError) as error:
        raise DataError(
            f"Unknown data set {name!r}. Expected 'digits', "
            "'image_folder:PATH', a pair of arrays, "
            f"{', '.join(map(repr, builders.NAMES))}, or a name of TensorFlow "
            "Datasets (https://www.tensorflow.org/datasets/catalog). Sets "
            "prepared elsewhere are found through TFDS_DATA_DIR or "
            f"`data_dir`. Received: data_dir={data_dir!r}."
        ) from error


def _own(tfds, name, data_dir):
    try:
        return tfds.core.read_only_builder.builder_from_files(
            name, data_dir=data_dir
        )
    except tfds.core.DatasetNotFoundError:
        return builders.find(name)(data_dir=data_dir)


def _is_prepared(builder):
    return bool(builder.info.splits) and builder.data_path.exists()


def _prepare(
    builder, name, download, manual_dir=None, register_checksums=False
):
    import tensorflow_datasets as tfds

    instructions = builder.MANUAL_DOWNLOAD_INSTRUCTIONS
    by_hand = f" First, by hand: {instructions}" if instructions else ""
    if not download:
        raise DataError(
            f"Data set {name!r} is not prepared in {builder.data_path}. "
            "Point TFDS_DATA_DIR or `data_dir` at the folder that holds it, "
            "or let it be downloaded and prepared: `download=True` here, "
            "`--config.data.download=True` for the binaries, or "
            f"`{_command(name)}` on a machine with a network.{by_hand}"
        )
    whole = getattr(builder, "OF", None)  # of a subset
    if whole:
        prepare(whole, str(builder.data_dir_root))
    _check_network(builder, name)
    config = tfds.download.DownloadConfig(
        # Own sets are not in the bucket of prepared ones: none is asked.
        try_download_gcs=name not in builders.NAMES,
        manual_dir=manual_dir,
        register_checksums=register_checksums,
    )
    try:
        builder.download_and_prepare(download_config=config)
    except Exception as error:
        raise DataError(
            f"Data set {name!r} could not be downloaded and prepared in "
            f"{builder.data_path}: {error}. Try "
            f"again, or prepare it elsewhere with `{_command(name)}` and "
            f"copy the folder.{by_hand}"
        ) from error


def _command(name):
    """What prepares a set; `tfds build` asks for Apache Beam besides."""
    return f'python -c "from kprivacy import data; data.prepare({name!r})"'


def _check_network(builder, name):
    """Asks the first download's host once; TFDS alone retries for minutes."""
    import requests

    urls = list(getattr(builder, "url_infos", None) or ())
    urls = list(getattr(builder, "URLS", ())) or urls
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
            f"the set elsewhere with `{_command(name)}` and point "
            "TFDS_DATA_DIR at it. 'digits' needs no network."
        ) from error
