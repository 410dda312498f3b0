"""`load` and `arrays`: any data set, in three parts that share no example."""

import dataclasses

import numpy as np

from kprivacy.data import division, labels, sources
from kprivacy.data.errors import DataError

MOST_BYTES = 2_000_000_000


@dataclasses.dataclass
class Arrays:
    """Examples of one part: what they are, what they are labelled with.

    Attributes:
        data: float32 images in [0, 1], shape (examples, height, width,
            channels), signals, shape (examples, steps, channels), or vectors,
            shape (examples, d).
            Spectrograms (log-mel) are images of shape (examples, bands,
            frames, 1): -100 dB is 0, 50 dB is 1.
        labels: int32 class indices, shape (examples,).
        num_classes: Number of classes of the whole data set.
        attributes: What else the set says of each example (subject, price,
            ...): name to array of shape (examples,), integer or float32.
        scaling: {"mean": [...], "std": [...]}, one number a channel, where
            signals were standardised: data * std + mean are the set's own
            units. None elsewhere.
    """

    data: np.ndarray
    labels: np.ndarray
    num_classes: int
    attributes: dict = dataclasses.field(default_factory=dict)
    scaling: dict | None = None

    def __len__(self):
        return len(self.labels)

    def take(self, where):
        """The examples at indices, of a slice, or where a mask is true."""
        return dataclasses.replace(
            self,
            data=self.data[where],
            labels=self.labels[where],
            attributes={k: x[where] for k, x in self.attributes.items()},
        )


def join(parts):
    """Several `Arrays` of one set as one, in their order."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    return dataclasses.replace(
        first,
        data=np.concatenate([one.data for one in parts]),
        labels=np.concatenate([one.labels for one in parts]),
        attributes={
            key: np.concatenate([one.attributes[key] for one in parts])
            for key in first.attributes
        },
    )


def load(
    name,
    split="defender",
    batch_size=128,
    seed=0,
    stream=None,
    shuffle=None,
    **options,
):
    """Loads one part of a data set as batches for `fit`.

    The order is shuffled anew each epoch, by (seed, epoch) alone: add
    `kprivacy.callbacks.EpochOrder(dataset)` to the callbacks of a run that
    resumes, and epoch n is in the same order however often it was started.

    Args:
        name: A TFDS name ("mnist"), "digits" and "diabetes" for embedded sets
            that need no network, "image_folder:PATH" for class folders of
            images, "recordings:NAME" for a TFDS set of overlapping windows
            divided by recording, "gaussian_mixture:P,MU,SIGMA" and
            "binary:P,Q" for generated ones, or arrays: (data, labels), (data,
            labels, dict of attributes), or two such tuples (train, test).
        split: "defender", "attacker" or "test", with an optional slice as in
            TFDS: "defender[:90%]", "test[:1000]".
        batch_size: Examples a batch; the last one may be smaller.
        seed: Of the order. Which example is whose does not depend on it.
        stream: Whether images are read from TFDS as they are needed, with
            no more than a shuffle buffer in memory. None: where the part
            takes more than 2 GB as float32.
        shuffle: Whether there is a new order each epoch; None: for the
            defender's part.
        **options: Of `arrays`.

    Returns:
        A `tf.data.Dataset` of (data float32, labels int32), with an attribute
        `num_classes`.

    Raises:
        DataError: The set or the split is unknown, not there, empty or
            damaged; the message says what to do.
    """
    from kprivacy.data import pipeline

    plan = _plan(name, split, **options)
    if shuffle is None:
        shuffle = split.startswith("defender")
    if _streams(plan, stream):
        dataset = pipeline.stream(
            plan.source, plan.where, plan.indices, plan.classes,
            batch_size, seed, shuffle,
        )
    else:
        dataset = pipeline.batches(_read(plan), batch_size, seed, shuffle)
    dataset.num_classes = plan.classes.count
    return dataset


def arrays(name, split="defender", **options):
    """Loads one part of a data set into memory.

    Training data are divided between the defender (5/6) and the attacker
    (1/6), test data are the set's own or, where it has none, a fifth held
    out. The division is fixed by the set alone, so that an attacker never
    meets the defender's examples, whatever the seeds. Sets that name the
    subject of each example are divided by whole subjects, and their slices
    end between subjects.

    Args:
        name: As for `load`.
        split: As for `load`.
        **options: `data_dir`: folder of prepared TFDS sets, TFDS_DATA_DIR or
            TFDS's own default if None. `download`: whether a set that is not
            prepared may be downloaded. `image_size`: (height, width) that
            images of TFDS, of a folder or of "digits" are resized to; folders
            take (64, 64) if None, digits (28, 28). `label`: which integer
            feature is the class, default "label"; others are mapped to 0, 1,
            ... in their sorted order. `group`: the feature whose values are
            not divided, default "subject" where the set has it; None divides
            by example. `standardise`: whether signals are taken less their
            channel's mean and over its deviation, both of the set's training
            split.

    Returns:
        An `Arrays`.

    Raises:
        DataError: As for `load`; or the part does not fit into memory.
    """
    return _read(_plan(name, split, **options))


@dataclasses.dataclass
class _Plan:
    """What is read from where."""

    source: object
    split: str
    where: str
    indices: np.ndarray
    classes: labels.Classes
    standardise: bool

    @property
    def bytes(self):
        return len(self.indices) * int(np.prod(self.source.shape)) * 4


def _plan(
    name,
    split,
    label="label",
    group=division.GROUP,
    standardise=False,
    **options,
):
    division.parse_split(split)
    source = sources.find(name, **options)
    if standardise and len(source.shape) != 2:
        raise DataError(
            "`standardise` is for signals of shape (steps, channels). "
            f"Received: images of shape {source.shape}, which are in [0, 1] "
            "already."
        )
    classes = labels.choose(source, label)
    where, indices = division.divide(source, split, group)
    return _Plan(source, split, where, indices, classes, standardise)


def _streams(plan, stream):
    if stream and not plan.source.streams:
        raise DataError(
            "`stream` is for images of TFDS sets. Received: a set of shape "
            f"{plan.source.shape} that is not one. Leave `stream` away."
        )
    large = plan.bytes > MOST_BYTES
    return large and plan.source.streams if stream is None else stream


def _read(plan):
    if plan.source.streams and plan.bytes > MOST_BYTES:
        part = division.parse_split(plan.split)[0]
        raise DataError(
            f"Split {plan.split!r} takes {plan.bytes / 1e9:.1f} GB as "
            f"float32: {len(plan.indices):,} examples of {plan.source.shape}."
            f" Slice it, as in '{part}[:2000]', or stream it with "
            "`kprivacy.data.load`."
        )
    rows = plan.source.rows(plan.where, plan.indices)
    targets, attributes = labels.split_off(rows.features, plan.classes)
    data, scaling = _as_float(rows.data), None
    if plan.standardise:
        scaling = _scaling(plan.source)
        data = (data - scaling["mean"]) / scaling["std"]
        data = data.astype(np.float32)
    return Arrays(data, targets, plan.classes.count, attributes, scaling)


def _scaling(source):
    """Mean and deviation of each channel over the set's training split."""
    data = source.rows("train", np.arange(source.sizes["train"])).data
    std = data.std(axis=(0, 1), dtype=np.float64)
    return {
        "mean": data.mean(axis=(0, 1), dtype=np.float64).tolist(),
        "std": np.where(std > 0, std, 1.0).tolist(),
    }


def _as_float(data):
    if data.dtype == np.uint8:
        return data.astype(np.float32) / 255.0
    return data.astype(np.float32)
