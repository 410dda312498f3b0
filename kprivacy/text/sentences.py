"""Sentences of TFDS text sets."""

from kprivacy.data import tfds_builder
from kprivacy.data.errors import DataError
from kprivacy.errors import check_choice, check_count


def read_sentences(
    name, split="train", data_dir=None, limit=None, download=False
):
    """Reads the sentences of a TFDS set with a feature "text".

    Args:
        name: TFDS name, such as "small_vocab_en" or "tatoeba_en".
        split: One of the set's splits.
        data_dir: Folder of prepared sets; TFDS_DATA_DIR or TFDS's own default
            if None.
        limit: How many to read from the beginning; None for all.
        download: Whether a set that is not there is downloaded.

    Returns:
        A list of strings, in the set's order.

    Raises:
        DataError: The set is unknown, not prepared, damaged, or has no text.
        UserError: It has no such split.
    """
    import tensorflow_datasets as tfds

    builder = tfds_builder.find(name, data_dir, download)
    if "text" not in (builder.info.features or ()):
        raise DataError(
            f"Data set {name!r} must have a feature 'text'. Received: "
            f"{', '.join(builder.info.features or ())}."
        )
    check_choice("split", split, tuple(builder.info.splits))
    if limit is not None:
        check_count("limit", limit)
    where = split if limit is None else f"{split}[:{limit}]"
    try:
        whole = tfds.as_numpy(builder.as_dataset(split=where, batch_size=-1))
        return [text.decode() for text in whole["text"]]
    except Exception as error:
        raise DataError(
            f"Split {split!r} of data set {name!r} in {builder.data_path} "
            f"cannot be read ({type(error).__name__}: {error}). The files are "
            "damaged or incomplete: delete that folder and prepare the set "
            "again."
        ) from error
