"""Smaller sets of images, from prepared larger ones."""

import collections

import tensorflow_datasets as tfds

from kprivacy.data.errors import DataError


class Subset(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """The first images of a prepared set, 10,000 and 2,000.

    Attributes:
        OF: Name of that set, in the same folder of prepared sets, where
            `kprivacy.data.prepare` brings it.
        SHAPE: Of its images.
        CLASSES: Their names.
        COUNTS: Split to how many.
        BALANCED: Whether each class has as many.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "The first ones, in the set's order."}
    OF = SHAPE = CLASSES = None
    COUNTS = {"train": 10_000, "test": 2_000}
    BALANCED = False

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=f"The first images of {self.OF}.",
            features=tfds.features.FeaturesDict({
                "image": tfds.features.Image(shape=self.SHAPE),
                "label": tfds.features.ClassLabel(names=self.CLASSES),
            }),
        )

    def _split_generators(self, dl_manager):
        del dl_manager
        return {split: self._generate_examples(split) for split in self.COUNTS}

    def _generate_examples(self, split):
        taken, most = collections.Counter(), self.COUNTS[split]
        if self.BALANCED:
            most //= len(self.CLASSES)
        stored = prepared(
            self.OF, self.data_dir_root, self.name, f"data.prepare({self.OF!r})"
        ).as_dataset(
            split=split, read_config=tfds.ReadConfig(interleave_cycle_length=1)
        )
        for number, example in enumerate(stored):
            label = int(example["label"])
            kind = label if self.BALANCED else None
            if taken[kind] < most:
                taken[kind] += 1
                yield number, {
                    "image": example["image"].numpy(), "label": label,
                }


def prepared(name, data_dir, taker, how):
    """The builder of a prepared set.

    Args:
        name: Of the set.
        data_dir: Folder of prepared sets.
        taker: What is taken from it.
        how: To prepare it.

    Raises:
        DataError: It is not there.
    """
    try:
        return tfds.core.read_only_builder.builder_from_files(
            name, data_dir=data_dir
        )
    except tfds.core.DatasetNotFoundError as error:
        raise DataError(
            f"{taker} is taken from a prepared {name}. There is none in "
            f"{str(data_dir)!r}: prepare it there first, {how}."
        ) from error
