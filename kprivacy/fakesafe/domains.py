"""The two domains of a config: examples of the private one, and of fakes."""

import pathlib
import zipfile

import numpy as np

from kprivacy import data
from kprivacy.data import Arrays
from kprivacy.errors import UserError
from kprivacy.fakesafe import words

VECTORS = "vectors:"
MOVED = 0.05


def read(section, split):
    """Reads one part of a domain.

    Args:
        section: `config.source` or `config.target`: `name` is one of
            `kprivacy.data.load`; or "vectors:FILE.npz", an array `data` of
            shape (examples, size), and `labels` if there are any; or of
            `kprivacy.fakesafe.words`. Vectors are the same in every part.
        split: As for `kprivacy.data.load`.

    Returns:
        A `kprivacy.data.Arrays`.

    Raises:
        UserError: The set is not there, or is not what it should be.
    """
    if section.name.startswith(VECTORS):
        return _vectors(pathlib.Path(section.name.removeprefix(VECTORS)))
    if section.name.startswith(words.PREFIX):
        return words.arrays(section.name, section.get("data_dir"))
    names = ("data_dir", "download", "image_size", "label")
    options = {name: section[name] for name in names if name in section}
    return data.arrays(section.name, split, **options)


def training(section, seed=0):
    """The part to train on, with `section.copies` of each image beside it.

    Copies are moved and zoomed by up to 5 % of their size, and mirrored at
    random: for sets of a few hundred.

    Args:
        section: As for `read`.
        seed: Of the copies.

    Returns:
        A `kprivacy.data.Arrays`, the copies after the originals.
    """
    found = read(section, section.train_split)
    if not section.get("copies"):
        return found
    import keras

    moved = keras.Sequential([
        keras.layers.RandomTranslation(
            MOVED, MOVED, fill_mode="nearest", seed=seed
        ),
        keras.layers.RandomZoom(MOVED, fill_mode="nearest", seed=seed + 1),
        keras.layers.RandomFlip("horizontal", seed=seed + 2),
    ])
    made = [np.asarray(moved(found.data, training=True))
            for _ in range(section.copies)]
    return Arrays(
        np.concatenate([found.data, *made]),
        np.tile(found.labels, section.copies + 1),
        found.num_classes,
    )


def _vectors(path):
    try:
        # NumPy leaves a file open in which it finds no archive.
        with (
            open(path, "rb") as file,
            np.load(file, allow_pickle=False) as archive,
        ):
            found = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise UserError(
            f"A domain of vectors is an .npz file with an array `data`. "
            f"Received: {str(path)!r} ({error}). Write one with "
            "`numpy.savez(path, data=vectors, labels=labels)`."
        ) from error
    vectors = found.get("data", np.empty(0))
    if not _are_vectors(vectors):
        raise UserError(
            "The array `data` must be finite vectors, shape (examples, size)."
            f" Received: {vectors.dtype} {vectors.shape} in {str(path)!r}."
        )
    labels = found.get("labels", np.arange(len(vectors)))
    if labels.shape != vectors.shape[:1] or labels.dtype.kind not in "iu" or (
        labels.min() < 0
    ):
        raise UserError(
            "The array `labels` must be a class number, from 0, for each of "
            f"the {len(vectors)} vectors. Received: {labels.dtype} "
            f"{labels.shape} in {str(path)!r}."
        )
    return Arrays(
        vectors.astype(np.float32), labels.astype(np.int32),
        int(labels.max()) + 1,
    )


def _are_vectors(array):
    return (
        array.dtype.kind in "fiu" and array.ndim == 2 and array.size
        and np.isfinite(array).all()
    )
