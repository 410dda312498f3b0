"""GAP's objectives, by hand."""

import harness
import keras
import numpy as np
import pytest
import tensorflow as tf

import kprivacy
from kprivacy.gap.objectives import build as build_objective


def linear(name, kernel, bias):
    layer = keras.layers.Dense(len(bias))
    model = keras.Sequential([keras.Input((len(kernel),)), layer], name=name)
    layer.set_weights([np.array(kernel, "float32"), np.array(bias, "float32")])
    return model


def scalar_model(outputs=((0.0, 1.0),), **options):
    """W(x) = x / 2 on one number; scores linear in the release."""
    model = kprivacy.GAP(
        linear("client", [[0.5]], [0.0]),
        None,
        linear("adversary", outputs, [0.0] * len(outputs[0])),
        **options,
    )
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    return model


X, S = np.array([[2.0]], "float32"), np.array([1])


def objective(model, x=X, s=S):
    found = model.defender_objective(x, {"private": s}, training=False)
    return {k: float(v) for k, v in found.items() if k != "scores"}


def test_algorithm_1_by_hand():
    # Release 1, logits (0, 1): H = log(1 + e^-1) = .313262; d = (2-1)^2 = 1;
    # loss = 1 - .3 * .313262 = .906022.
    found = objective(scalar_model(privacy_weight=0.3))
    assert found["distortion"] == pytest.approx(1)
    assert found["adversary_loss"] == pytest.approx(0.313262, abs=1e-6)
    assert found["loss"] == pytest.approx(0.906022, abs=1e-6)


def test_one_step_by_hand():
    # The adversary's step: its kernel's gradient is the release times
    # (p0, p1 - 1), p1 = sigmoid(1) = .731059: (.268941, -.268941).
    # Kernel (-.026894, 1.026894), biases too. Then logits at release 1 are
    # (-.053788, 1.053788), p1 = sigmoid(1.107576) = .751677, and with
    # lambda = .3 the loss's gradient in the release r is
    # 2 (r - 2) - .3 (p1 - 1) (1.026894 + .026894) = -2 + .078504
    # and r = w * 2 + b: w <- .5 + .1 * 2 * 1.921496.
    model = scalar_model(privacy_weight=0.3)
    harness.fit(model, (X, S), 1)
    kernel = model.adversary.get_weights()[0]
    np.testing.assert_allclose(kernel, [[-0.026894, 1.026894]], atol=1e-6)
    kernel, bias = model.client.get_weights()
    assert kernel[0, 0] == pytest.approx(0.884299, abs=1e-6)
    assert bias[0] == pytest.approx(0.192150, abs=1e-6)


def test_equation_4_by_hand():
    # Releases 1 and -.5 of s = 1 and 0, the critic says the same: the gap
    # E[f | 1] - E[f | 0] = 1.5; d = (1 + .25) / 2 = .625.
    model = scalar_model(((1.0,),), objective="total_variation",
                         prior=(0.5, 0.5), privacy_weight=0.1)
    x, s = np.array([[2.0], [-1.0]], "float32"), np.array([1, 0])
    found = objective(model, x, s)
    assert found["adversary_loss"] == pytest.approx(-1.5)
    assert found["loss"] == pytest.approx(0.625 + 0.15)


def test_the_gap_of_uneven_classes_is_of_class_means():
    adversary, channel = build_objective("total_variation", 1, (0.75, 0.25))
    s, f = np.array([0, 0, 0, 1]), np.array([[0.1], [0.2], [0.6], [0.9]])
    assert float(adversary(s, f)) == pytest.approx(-(0.9 - 0.3))
    assert float(channel(s, f)) == pytest.approx(0.9 - 0.3)


def test_the_gap_of_three_classes_is_a_mean_over_one_and_the_rest():
    adversary, _ = build_objective("total_variation", 3, (1 / 3,) * 3)
    s = np.array([0, 1, 2])
    f = np.array([[1, 0, 0], [0, 0.5, 0], [0, 0.3, 0]], "float32")
    # 1 - 0, .5 - .15, 0 - 0.
    assert float(adversary(s, f)) == pytest.approx(-(1 + 0.35) / 3)


def test_a_real_value_is_inferred_by_squared_error():
    # Release 1, answer 3, the value is 1: error 4; loss 1 - .1 * 4.
    found = objective(scalar_model(((3.0,),), privacy_weight=0.1))
    assert found["adversary_loss"] == pytest.approx(4)
    assert found["loss"] == pytest.approx(0.6)


def test_a_bound_ends_the_reward():
    # s = 0 at logits (0, 1): H = 1.313262, above log 2.
    model = scalar_model(bounded=True, prior=(0.5, 0.5))
    x, s = tf.constant(X), np.array([0])
    with tf.GradientTape() as tape:
        loss = model.defender_objective(x, {"private": s}, False)["loss"]
    assert float(loss) == pytest.approx(1 - np.log(2), abs=1e-6)
    gradients = tape.gradient(loss, model.client.trainable_variables)
    # Of the distortion alone: 2 (r - 2) x.
    assert float(gradients[0][0, 0]) == pytest.approx(-4)
    assert objective(model)["loss"] == pytest.approx(1 - 0.313262, abs=1e-6)


def test_maximum_entropy_is_zero_where_the_adversary_answers_the_prior():
    _, channel = build_objective("maximum_entropy", 2, (0.25, 0.75))
    logits = np.log([[0.25, 0.75]]).astype("float32")
    assert float(channel(S, logits)) == pytest.approx(0, abs=1e-6)
    # KL((.25, .75) || (.5, .5)) = log 2 - .562335.
    assert float(channel(S, logits * 0)) == pytest.approx(0.130812, abs=1e-6)


def test_a_budget_is_held_by_a_penalty():
    # d = 1, budget .4: 10 * .36 - .313262.
    model = scalar_model(constraint="penalty", budget=0.4)
    assert objective(model)["loss"] == pytest.approx(3.286738, abs=1e-6)
    model = scalar_model(constraint="penalty", budget=2.0)
    assert objective(model)["loss"] == pytest.approx(-0.313262, abs=1e-6)


def test_a_budget_is_held_by_an_augmented_lagrangian():
    # Multiplier 3, stiffness 10: 5 * (.3 + .6)^2 - .313262, and the
    # multiplier then is 3 + 10 * .6.
    model = scalar_model(constraint="augmented_lagrangian", budget=0.4)
    model.multiplier.assign(3.0)
    found = objective(model)
    assert found["loss"] == pytest.approx(3.736738, abs=1e-6)
    assert float(model._next_multiplier(found)) == pytest.approx(9)
    model.budget = 5.0
    assert float(model._next_multiplier(found)) == 0


def test_accuracy_is_what_a_cold_adversary_gets_right():
    # Logits (0, 1) and s = 1: sigmoid(1) = .731059, at .5 sigmoid(2), at
    # .01 all.
    _, channel = build_objective("accuracy", 2)
    logits = np.array([[0.0, 1.0]], "float32")
    assert float(channel(S, logits)) == pytest.approx(0.731059, abs=1e-6)
    _, channel = build_objective("accuracy", 2, temperature=0.5)
    assert float(channel(S, logits)) == pytest.approx(0.880797, abs=1e-6)
    _, channel = build_objective("accuracy", 2, temperature=0.01)
    assert float(channel(S, logits)) == pytest.approx(1)
