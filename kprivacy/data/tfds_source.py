"""Sets of TensorFlow Datasets: read whole, by slice, or as a stream."""

import numpy as np

from kprivacy.data import tfds_builder
from kprivacy.data.errors import DataError
from kprivacy.data.rows import Rows
from kprivacy.data.tfds_features import as_numbers, scalars, select

KEYS = ("image", "signals", "log_mel")
DECIBELS = (-100.0, 50.0)
# Above this a split is never read whole: float32, in bytes.
_MOST_BYTES = 2_000_000_000


def find(name, data_dir=None, download=False, image_size=None):
    """Finds a TFDS set, and prepares it where `download` says so.

    Raises:
        DataError: It is unknown, not prepared, or not of a form that fits.
    """
    builder = tfds_builder.find(name, data_dir, download)
    return TfdsSource(builder, name, image_size)


class TfdsSource:
    """A prepared TFDS set with images, signals or log-mel spectrograms.

    Images of several sizes are resized and divided by position, so that a
    slice is read without what comes before it; others are divided as arrays
    are.

    Args:
        builder: A prepared `tfds.core.DatasetBuilder`.
        name: What errors call it.
        image_size: (height, width) of the images, or None for their own.
    """

    def __init__(self, builder, name, image_size=None):
        self._builder = builder
        self._name = name
        self._image_size = image_size
        self._read_already = {}
        features = builder.info.features
        self._key = self._data_key(features)
        self._feature = features[self._key]
        self.streams = self._key == "image" and (
            self._feature.np_dtype == np.uint8
        )
        self.in_blocks = None in self._feature.shape
        self.shape = self._shape()
        counts = dict(scalars(features))
        self.feature_names = tuple(counts)
        self.num_classes = {key: n for key, n in counts.items() if n}
        self._splits = self._find_splits()
        self.sizes = {
            key: builder.info.splits[split].num_examples
            for key, split in self._splits.items()
        }

    def features(self, split):
        """All scalar features of a whole split, name to array."""
        if self._is_small(split):
            return self._whole(split).features
        return self._scalars(split)

    def rows(self, split, indices):
        """The `Rows` of a split at `indices`, in that order."""
        if self._is_small(split):
            return self._whole(split).take(indices)
        return self._collect(split, indices)

    def class_names(self, key):
        """Names of a feature's classes, or None where it has none."""
        features = self._builder.info.features
        feature = features[key] if key in features else None
        names = getattr(feature, "names", None)
        return tuple(names) if names else None

    def records(self, split, indices):
        """A `tf.data.Dataset` of what is stored at ascending `indices`.

        Images are (encoded images, dict of features), to be decoded by
        `decode` where they are needed.
        """
        import tensorflow as tf

        first, last = int(indices[0]), int(indices[-1])
        if last - first + 1 == len(indices) and self.in_blocks:
            return self._stored(split, f"[{first}:{last + 1}]")
        if len(indices) == self.sizes[split]:
            return self._stored(split)
        chosen = np.zeros(last + 1, bool)
        chosen[indices] = True
        chosen = tf.constant(chosen)
        return (
            self._stored(split)
            .enumerate()
            .take(last + 1)
            .filter(lambda i, _: tf.gather(chosen, i))
            .map(lambda _, example: example)
        )

    def decode(self, data, features):
        """A stored example as ((height, width, channels) uint8, features)."""
        import tensorflow as tf

        if self._key != "image":
            return data, features
        image = self._feature.decode_example(data)
        if self.shape != self._feature.shape:
            image = tf.image.resize(image, self.shape[:2], antialias=True)
            image = tf.cast(tf.round(image), tf.uint8)
        return tf.ensure_shape(image, self.shape), features

    def damaged(self, split, error):
        """The error of files that cannot be read."""
        return DataError(
            f"Split {self._splits[split]!r} of data set {self._name!r} in "
            f"{self._builder.data_path} cannot be read "
            f"({type(error).__name__}: {error}). The files are damaged or "
            "incomplete: delete that folder and prepare the set again."
        )

    def _data_key(self, features):
        key = next((key for key in KEYS if key in features), None)
        if key is None:
            raise DataError(
                f"Data set {self._name!r} must have one of the features "
                f"{', '.join(map(repr, KEYS))}. Received: "
                f"{', '.join(features)}. Load it yourself and pass arrays."
            )
        if self._image_size and key != "image":
            raise DataError(
                "`image_size` is for sets of images. Received: "
                f"{self._image_size} for {self._name!r}, which has {key!r}."
            )
        return key

    def _shape(self):
        shape = tuple(self._feature.shape)
        if self._key == "image" and self._image_size:
            return (*self._image_size, shape[2])
        if None in shape:
            remedy = "Bring them to one size and pass arrays."
            if self._key == "image":
                remedy = (
                    "Pass `image_size=(height, width)`, which all are resized "
                    "to (`--config.data.image_size` for the binaries)."
                )
            raise DataError(
                f"Data set {self._name!r} has examples of several sizes: "
                f"{shape}. {remedy}"
            )
        return (*shape, 1) if self._key == "log_mel" else shape

    def _find_splits(self):
        """The splits that stand for "train" and "test"."""
        splits = self._builder.info.splits
        if "train" not in splits:
            raise DataError(
                f"Data set {self._name!r} must have a split 'train'. "
                f"Received: {', '.join(splits)}. Load it yourself and pass "
                "arrays."
            )
        found = {"train": "train"}
        # Where a set's test labels are secret, they are all -1.
        if "test" in splits and self._is_labelled("test"):
            found["test"] = "test"
        elif "validation" in splits and ("test" in splits or self.in_blocks):
            found["test"] = "validation"
        return found

    def _is_labelled(self, split):
        if "label" not in self.num_classes or not self.in_blocks:
            return True
        ((_, features),) = self._read(split, f"{split}[:1]").take(1)
        return int(features["label"]) >= 0

    def _is_small(self, split):
        size = self.sizes[split] * int(np.prod(self.shape)) * 4
        return size <= _MOST_BYTES and not self.in_blocks

    def _whole(self, split):
        if split not in self._read_already:
            self._read_already[split] = self._read_whole(split)
        return self._read_already[split]

    def _read_whole(self, split):
        if self.shape != tuple(self._feature.shape) and self.streams:
            return self._collect(split, np.arange(self.sizes[split]))
        import tensorflow_datasets as tfds

        try:
            whole = tfds.as_numpy(self._builder.as_dataset(
                split=self._splits[split], batch_size=-1
            ))
        except Exception as error:
            raise self.damaged(split, error) from error
        features = select(whole, self.feature_names)
        return Rows(self._in_range(whole[self._key]), as_numbers(features))

    def _stored(self, split, where=""):
        return self._read(split, self._splits[split] + where)

    def _read(self, split, where):
        import tensorflow_datasets as tfds

        decoders = {}
        if self._key == "image":
            decoders = {"image": tfds.decode.SkipDecoding()}
        config = tfds.ReadConfig()
        if self.in_blocks:  # They count by position: one file by another.
            config = tfds.ReadConfig(interleave_cycle_length=1)
        try:
            dataset = self._builder.as_dataset(
                split=where, decoders=decoders, read_config=config
            )
        except Exception as error:
            raise self.damaged(split, error) from error
        return dataset.map(
            lambda x: (x[self._key], select(x, self.feature_names))
        )

    def _collect(self, split, indices):
        """Rows read by index, put into the order of `indices`."""
        import tensorflow as tf

        ascending = np.sort(indices)
        dataset = self.records(split, ascending).map(
            self.decode, tf.data.AUTOTUNE
        )
        try:
            (found,) = dataset.batch(len(indices)).as_numpy_iterator()
        except Exception as error:
            raise self.damaged(split, error) from error
        data, features = found
        rows = Rows(self._in_range(data), as_numbers(features))
        if len(rows) != len(indices):
            raise self.damaged(
                split, EOFError(f"{len(rows)} of {len(indices)} examples")
            )
        return rows.take(np.searchsorted(ascending, indices))

    def _scalars(self, split):
        """The features of a whole split, none of its images decoded."""
        try:
            dataset = self._stored(split).map(lambda _, features: features)
            found = list(dataset.batch(1024).as_numpy_iterator())
        except Exception as error:
            raise self.damaged(split, error) from error
        return as_numbers({
            key: np.concatenate([part[key] for part in found])
            for key in self.feature_names
        })

    def _in_range(self, data):
        """Log-mel in dB as an image in [0, 1]."""
        if self._key != "log_mel":
            return data
        least, most = DECIBELS
        unit = (data[..., None] - least) / (most - least)
        return np.clip(unit, 0.0, 1.0).astype(np.float32)
