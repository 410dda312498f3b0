"""Classifiers of original width have the published sizes."""

import keras
import numpy as np
import pytest

from kprivacy import networks
from kprivacy.errors import UserError

# Trainable weights of common code for CIFAR-10 (kuangliu/pytorch-cifar) and
# ImageNet (torchvision). Of VGG-11 these have biases before batch norms,
# 2,752, which do nothing; DenseNet's batch norm after the first convolution,
# 128, is not in the code for CIFAR, where one at the next layer follows.
PUBLISHED = {
    ("resnet18", "cifar"): 11_173_962,
    ("resnet50", "cifar"): 23_520_842,
    ("densenet121", "cifar"): 6_956_298 + 128,
    ("vgg11", "cifar"): 9_231_114 - 2_752,
    ("vgg11", "imagenet"): 132_868_840 - 2_752,
}


@pytest.mark.parametrize("network, stem", PUBLISHED)
def test_they_have_the_published_sizes(network, stem):
    shape, classes = {
        "cifar": ((32, 32, 3), 10), "imagenet": ((224, 224, 3), 1000),
    }[stem]
    # Shapes alone: nothing is drawn.
    with keras.StatelessScope():
        model = networks.classifier(shape, classes, network, 64, stem)
    count = sum(
        int(np.prod(one.shape)) for one in model.trainable_variables
    )
    assert count == PUBLISHED[network, stem]


def test_vgg_ends_as_on_imagenet():
    model = networks.classifier((64, 64, 3), 5, "vgg11", 8, "imagenet")
    assert [one.name for one in model.layers[-6:]] == [
        "flatten", "dense1", "dropout1", "dense2", "dropout2", "logits"
    ]
    x = np.random.default_rng(0).random((2, 64, 64, 3), "float32")
    first, second = (model(x, training=False).numpy() for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (2, 5)


@pytest.mark.parametrize("network", networks.classifiers.NAMES)
def test_stems_are_checked(network):
    with pytest.raises(UserError, match="`stem`"):
        networks.classifier((32, 32, 3), 5, network, 8, "mnist")
