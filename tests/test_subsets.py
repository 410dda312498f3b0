"""Builders that take a part of another prepared set."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from kprivacy import data
from kprivacy.data import builders


class Imagenet2012(tfds.core.GeneratorBasedBuilder):
    """Forty classes in turn, of several sizes."""

    VERSION = tfds.core.Version("5.1.0")

    def _info(self):
        return tfds.core.DatasetInfo(builder=self, features=(
            tfds.features.FeaturesDict({
                "image": tfds.features.Image(encoding_format="jpeg"),
                "label": tfds.features.ClassLabel(num_classes=40),
            })
        ))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(80),
                "validation": self._generate_examples(40)}

    def _generate_examples(self, count):
        for i in range(count):
            image = np.full((30 + i, 50, 3), 3 * (i % 40), np.uint8)
            yield i, {"image": image, "label": i % 40}


def test_imagenet25_is_the_first_classes_of_imagenet(tmp_path):
    with pytest.raises(data.DataError, match="prepared imagenet2012"):
        data.prepare("imagenet25", str(tmp_path))
    Imagenet2012(data_dir=tmp_path).download_and_prepare()
    data.prepare("imagenet25", str(tmp_path))
    part = data.arrays("imagenet25", "test", data_dir=str(tmp_path))
    assert part.data.shape == (25, 224, 224, 3)
    assert sorted(part.labels) == list(range(25))
    shades = part.data.mean(axis=(1, 2, 3)) * 255
    np.testing.assert_allclose(shades, 3 * part.labels, atol=2)


class Cifar10(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Of its classes the first two come twice as often."""

    VERSION = tfds.core.Version("3.0.2")  # as the real one, which is found

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self, features=tfds.features.FeaturesDict({
                "image": tfds.features.Image(shape=(32, 32, 3)),
                "label": tfds.features.ClassLabel(num_classes=10),
            })
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(48),
                "test": self._generate_examples(24)}

    def _generate_examples(self, count):
        for i in range(count):
            image = np.full((32, 32, 3), i, np.uint8)
            yield i, {"image": image, "label": i % 12 % 10}


def test_a_subset_is_taken_of_the_whole(tmp_path, monkeypatch):
    kind = builders.find("cifar10_subset")
    monkeypatch.setattr(kind, "COUNTS", {"train": 30, "test": 10})
    Cifar10(data_dir=tmp_path).download_and_prepare()
    data.prepare("cifar10_subset", str(tmp_path))
    part = data.arrays("cifar10_subset", "test", data_dir=str(tmp_path))
    assert sorted(part.labels) == list(range(10))
    train = [data.arrays("cifar10_subset", side, data_dir=str(tmp_path))
             for side in ("defender", "attacker")]
    labels = np.concatenate([one.labels for one in train])
    assert np.bincount(labels).tolist() == [3] * 10
    shades = np.concatenate([one.data[:, 0, 0, 0] for one in train])
    np.testing.assert_array_equal(
        np.rint(255 * shades).astype(int) % 12 % 10, labels
    )
