"""ConfounderGAN's configs: what they read fits, and what they say is so."""

import importlib
import types

import numpy as np
import pytest
from test_confounder_gan import CONFIGS

from kprivacy.data import division
from kprivacy.data.loading import MOST_BYTES

# Examples to train on and to test on, and the shape of one.
SETS = {
    "bloodmnist": (11_959, 3_421, (28, 28, 3)),
    "bloodmnist_subset": (10_000, 2_000, (28, 28, 3)),
    "cifar10": (50_000, 10_000, (32, 32, 3)),
    "cifar10_subset": (10_000, 2_000, (32, 32, 3)),
    "digits": (1_437, 360, (28, 28, 1)),
    "fashion_mnist": (60_000, 10_000, (28, 28, 1)),
    "imagenet25": (32_500, 1_250, (224, 224, 3)),
    "isic2017": (2_000, 600, (224, 224, 3)),
    # Brought by hand: as many as of ISIC.
    "keratitis": (2_000, 600, (224, 224, 3)),
    "svhn_cropped": (73_257, 26_032, (32, 32, 3)),
}


def in_memory(name, split):
    """Bytes of a split, or of several joined, as float32."""
    train, test, shape = SETS[name]
    source = types.SimpleNamespace(
        sizes={"train": train, "test": test}, feature_names=(),
        in_blocks=False,
    )
    count = sum(
        len(division.divide(source, one.strip())[1])
        for one in split.split("+")
    )
    return 4 * count * int(np.prod(shape))


def config_of(name, variant=None):
    return importlib.import_module(f"configs.{name}").get_config(variant)


@pytest.mark.parametrize("variant", [None, "guided", "paper"])
@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_read_into_memory_fits(name, variant):
    config = config_of(name, variant)
    read = config.data
    split = config.classifier.train_split or read.train_split
    assert in_memory(read.name, split) < MOST_BYTES
    if config.guide.epochs:
        split = config.guide.train_split or read.train_split
        assert in_memory(read.name, split) < MOST_BYTES
    for split in (read.train_split, read.validation_split):
        assert read.stream and "+" not in split or (
            in_memory(read.name, split) < MOST_BYTES
        )
    assert in_memory(read.name, read.test_split) < MOST_BYTES


@pytest.mark.parametrize("variant", [None, "guided", "paper", "smoke"])
@pytest.mark.parametrize("name", CONFIGS)
def test_a_guide_is_as_the_classifier(name, variant):
    config = config_of(name, variant)
    for field in ("stem", "width"):
        assert config.guide[field] == config.classifier[field], field
    large = SETS[config.data.name][2] == (224, 224, 3)
    assert config.guide.stem == ("imagenet" if large else "cifar")


def test_the_share_of_the_largest_norm_that_is_free():
    shares = {}
    for name in ("cifar10", "svhn", "bloodmnist", "bloodmnist_subset",
                 "isic2017"):
        config = config_of(f"confounder_gan_{name}")
        size = int(np.prod(SETS[config.data.name][2]))
        largest = config.client.bound * size ** 0.5
        shares[name] = round(config.model.hinge_bound / largest, 2)
    assert shares == {"cifar10": 0.69, "svhn": 0.69, "bloodmnist": 0.79,
                      "bloodmnist_subset": 0.72, "isic2017": 0.69}


@pytest.mark.parametrize("name", CONFIGS)
def test_guided_is_ours_without_the_squares(name):
    ours, guided = (config_of(name, variant) for variant in (None, "guided"))
    assert guided.guide.epochs > 0 and ours.client.pattern > 0
    assert guided.client.pattern == 0
    guided.client.pattern = ours.client.pattern
    assert guided.to_dict() == ours.to_dict()


@pytest.mark.parametrize("name", CONFIGS)
def test_an_ensemble_is_ours_with_another_reader(name):
    ours, two = (config_of(name, variant) for variant in (None, "ensemble"))
    assert len(set(two.classifier.networks)) == 2
    assert two.classifier.networks[:1] == ours.classifier.networks
    two.classifier.networks = ours.classifier.networks
    assert two.to_dict() == ours.to_dict()


@pytest.mark.parametrize("name", CONFIGS)
def test_contrast_is_ours_with_other_eyes(name):
    ours, seen = (config_of(name, variant) for variant in (None, "contrast"))
    assert ours.model.contrast == 0
    # From black to white, or less.
    assert 0 < seen.model.contrast * seen.client.bound < 0.51
    seen.model.contrast = ours.model.contrast
    assert seen.to_dict() == ours.to_dict()


@pytest.mark.parametrize("name", CONFIGS)
def test_jpeg_is_contrast_through_files(name):
    seen, files = (config_of(name, one) for one in ("contrast", "jpeg"))
    assert seen.model.jpeg == 0 < files.model.jpeg
    lowest, highest = files.model.jpeg_quality
    assert lowest == 10 and highest == 75
    for field in ("jpeg", "jpeg_quality"):
        files.model[field] = seen.model[field]
    assert files.to_dict() == seen.to_dict()
