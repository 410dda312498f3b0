"""Gradients of the unauthorised trainer: norms that are known by hand."""

import dataclasses
import json
import subprocess
import sys

import keras
import numpy as np
import pytest

from kprivacy import attacks, networks
from kprivacy.attacks.retraining.gradients import gradient_norm
from kprivacy.data import Arrays
from kprivacy.errors import UserError


def linear():
    """Logits of two classes from four pixels, all weights 0."""
    inputs = keras.Input((2, 2, 1))
    scores = keras.layers.Dense(2, kernel_initializer="zeros")
    return keras.Model(inputs, scores(keras.layers.Flatten()(inputs)))


def flat(values, labels):
    """Pictures of one grey each."""
    data = np.float32(values)[:, None, None, None] * np.ones((1, 2, 2, 1))
    return Arrays(data.astype("float32"), np.array(labels, "int32"), 2)


def test_norms_by_hand():
    """A picture x has probabilities 1/2: slopes +-x/2 and, of biases, +-1/2.

    Its norm is (2 (4 x^2 + 1) / 4)^.5. Two of the same class add up, of two
    classes they cancel as far as x is the same.
    """
    model = linear()
    same, opposed = flat([0.5, 0.5], [0, 0]), flat([0.5, 0.5], [0, 1])
    found = attacks.gradient_norms(model, same, opposed)
    assert found.natural == pytest.approx(1.0)
    assert found.natural_each == pytest.approx(1.0)
    assert found.protected == pytest.approx(0.0, abs=1e-7)
    assert found.protected_each == pytest.approx(1.0)
    assert found.natural_loss == pytest.approx(np.log(2))
    # 0 and 1 of two classes: -0 + 1/2 in 8 weights, biases cancel; half.
    found = attacks.gradient_norms(model, flat([0, 1], [0, 1]), same)
    assert found.natural == pytest.approx(8**0.5 / 4)
    assert found.natural_each == pytest.approx((0.5**0.5 + 2.5**0.5) / 2)
    assert found.protected == pytest.approx(1.0)
    json.dumps(found.to_dict())


def test_norms_are_of_the_classifier_as_it_stands():
    """Where the class is known nothing is left to learn; nothing moves."""
    model = linear()
    weights = np.array([[-1.0, 1.0]] * 4) * 30, np.array([60.0, -60.0])
    model.layers[-1].set_weights(weights)
    right, wrong = flat([0, 1], [0, 1]), flat([0, 1], [1, 0])
    found = attacks.gradient_norms(model, right, wrong)
    assert found.natural < 1e-6 and found.natural_each < 1e-6
    # p = (0, 1): slopes +-x in 8 weights, +-1 in 2 biases.
    assert found.protected_each == pytest.approx((2**0.5 + 10**0.5) / 2)
    assert found.protected_loss == pytest.approx(120)
    for held, now in zip(weights, model.layers[-1].get_weights()):
        np.testing.assert_array_equal(held, now)


def test_batch_norm_is_that_of_inference():
    """The mean gradient is that of the whole batch, moving means stay."""
    keras.utils.set_random_seed(0)
    model = networks.classifier((16, 16, 3), 2, "vgg11", 8)
    generator = np.random.default_rng(0)
    part = Arrays(generator.random((6, 16, 16, 3), np.float32),
                  np.arange(6, dtype="int32") % 2, 2)
    before = model.get_weights()
    found = attacks.gradient_norms(model, part, part)
    assert found.natural == pytest.approx(gradient_norm(model, part), rel=1e-3)
    assert found.natural == found.protected
    assert found.natural < found.natural_each
    for held, now in zip(before, model.get_weights()):
        np.testing.assert_array_equal(held, now)


def test_a_training_has_one_norm_an_epoch():
    """Of a batch that is spread over all: by hand, and the ends of four."""
    part = flat([0.5, 0.25, 1.0, 1.0], [0, 0, 1, 1])
    assert gradient_norm(linear(), part.take(slice(0, 2))) == pytest.approx(
        # Slopes of 8 weights: (.25 + .125) / 2; of 2 biases 1/2.
        (8 * 0.1875**2 + 2 * 0.25) ** 0.5
    )
    attack = attacks.Retraining("mlp", 8, "none", epochs=3, batch_size=2)
    found = attack.run(part, part)
    assert len(found.gradient_norm) == 3
    assert found.gradient_norm[-1] == pytest.approx(
        gradient_norm(attack.model, part.take([0, 3])), rel=1e-5
    )
    assert found.gradient_norm[-1] != pytest.approx(
        gradient_norm(attack.model, part), rel=1e-2
    )


def test_errors():
    model, part = linear(), flat([0.5], [0])
    large = dataclasses.replace(part, data=np.zeros((1, 3, 2, 1), "float32"))
    for other, sentence in (
        (large, r"`protected` must be pictures .* \(2, 2, 1\)"),
        (part.take(slice(0, 0)), "one at least. Received: 0"),
        (dataclasses.replace(part, num_classes=4), "the 2 classes .* 4"),
    ):
        with pytest.raises(UserError, match=sentence):
            attacks.gradient_norms(model, part, other)


def test_attacks_do_not_load_tensorflow():
    code = "import sys, kprivacy.attacks; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
