"""`load` and `arrays`: any data set, in three parts that share no example."""

import dataclasses
import re

import numpy as np

from kprivacy.data import sources
from kprivacy.data.errors import DataError

PARTS = ("defender", "attacker", "test")
ATTACKER_SHARE = 1 / 6
TEST_SHARE = 1 / 5
_SPLIT = re.compile(r"^(\w+)(?:\[((?:\d+%?)?):((?:\d+%?)?)\])?$")


@dataclasses.dataclass
class Arrays:
    """Examples of one part: what they are, what they are labelled with.

    Attributes:
        data: float32 images in [0, 1], shape (examples, height, width,
            channels), or signals, shape (examples, steps, channels).
        labels: int32 class indices, shape (examples,).
        num_classes: Number of classes of the whole data set.
    """

    data: np.ndarray
    labels: np.ndarray
    num_classes: int

    def __len__(self):
        return len(self.labels)


def load(name, split="defender", batch_size=128, seed=0, **options):
    """Loads one part of a data set as batches for `fit`.

    The order is shuffled anew each epoch, by (seed, epoch) alone: add
    `kprivacy.callbacks.EpochOrder(dataset)` to the callbacks of a run that
    resumes, and epoch n is in the same order however often it was started.
    Only the defender's part is shuffled.

    Args:
        name: A TFDS name ("mnist"), "digits" for the embedded set that needs
            no network, "image_folder:PATH" for class folders of images, or a
            pair of arrays (data, labels), or two such pairs (train, test).
        split: "defender", "attacker" or "test", with an optional slice as in
            TFDS: "defender[:90%]", "test[:1000]".
        batch_size: Examples a batch; the last one may be smaller.
        seed: Of the order. Which example is whose does not depend on it.
        **options: Of `arrays`: `data_dir`, `download`, `image_size`.

    Returns:
        A `tf.data.Dataset` of (data float32, labels int32).

    Raises:
        DataError: The set or the split is unknown, not there, empty or
            damaged; the message says what to do.
    """
    from kprivacy.data import pipeline

    part = arrays(name, split, **options)
    return pipeline.batches(
        part, batch_size, seed, shuffle=split.startswith("defender")
    )


def arrays(name, split="defender", **options):
    """Loads one part of a data set into memory.

    Training data are divided between the defender (5/6) and the attacker
    (1/6), test data are the set's own or, where it has none, a fifth held
    out. The division is fixed by the set alone, so that an attacker never
    meets the defender's examples, whatever the seeds.

    Args:
        name: As for `load`.
        split: As for `load`.
        **options: `data_dir`: folder of prepared TFDS sets, TFDS_DATA_DIR or
            TFDS's own default if None. `download`: whether TFDS may download
            a set that is not prepared. `image_size`: (height, width) that
            the images of a folder are resized to, default (64, 64).

    Returns:
        An `Arrays`.

    Raises:
        DataError: As for `load`.
    """
    part, start, stop = parse_split(split)
    train, test, num_classes = sources.read(name, **options)
    train, test = _with_test(train, test)
    data, labels = test if part == "test" else _share(train, part)
    where = slice(_index(start, len(labels)), _index(stop, len(labels)))
    data, labels = data[where], labels[where]
    if not len(labels):
        raise DataError(
            f"Split {split!r} of this data set is empty: it has "
            f"{len(train[1])} training and {len(test[1])} test examples. "
            "Widen the slice or bring more data."
        )
    return Arrays(_as_float(data), labels.astype(np.int32), num_classes)


def parse_split(split):
    """Parses "defender[:90%]" into ("defender", "", "90%")."""
    match = _SPLIT.match(split) if isinstance(split, str) else None
    if not match or match[1] not in PARTS:
        raise DataError(
            f"`split` must be one of {', '.join(map(repr, PARTS))}, with an "
            "optional slice such as 'defender[:90%]' or 'test[:1000]'. "
            f"Received: {split!r}."
        )
    return match[1], match[2] or "", match[3] or ""


def _index(text, length):
    if not text:
        return None
    if text.endswith("%"):
        return round(length * min(int(text[:-1]), 100) / 100)
    return int(text)


def _with_test(train, test):
    if test is not None:
        return train, test
    order = _fixed_order(len(train[1]), salt=1)
    count = round(len(order) * TEST_SHARE)
    kept, held = np.sort(order[count:]), np.sort(order[:count])
    return (
        (train[0][kept], train[1][kept]),
        (train[0][held], train[1][held]),
    )


def _share(train, part):
    order = _fixed_order(len(train[1]), salt=2)
    count = round(len(order) * ATTACKER_SHARE)
    mine = order[:count] if part == "attacker" else order[count:]
    mine = np.sort(mine)
    return train[0][mine], train[1][mine]


def _fixed_order(count, salt):
    return np.random.default_rng(salt).permutation(count)


def _as_float(data):
    if data.dtype == np.uint8:
        return data.astype(np.float32) / 255.0
    return data.astype(np.float32)
