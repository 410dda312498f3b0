"""Attribute inference and verification: known answers, errors, results."""

import json
import types

import numpy as np
import pytest

from kprivacy.attacks.attributes import classifiers
from kprivacy.attacks.attributes.inference import AttributeInference
from kprivacy.attacks.attributes.results import AttributeResults
from kprivacy.attacks.attributes.verification import (
    Verification,
    VerificationResults,
)

FAST = ("logistic_regression", "nearest_neighbours", "random_forest")

LINEAR = ("cosine", "lda")


class Part(types.SimpleNamespace):
    """Data with labels and attributes, as `kprivacy.data.Arrays` has them."""

    num_classes = 2

    def __len__(self):
        return len(self.labels)


def make_part(count, seed, distance=6.0, classes=3, shape=(5,)):
    """Gaussian clusters, one a subject, `distance` deviations apart."""
    generator = np.random.default_rng(seed)
    subjects = np.arange(count) % classes
    data = generator.normal(size=(count, *shape)).astype(np.float32)
    data.reshape(count, -1)[np.arange(count), subjects] += distance
    labels = generator.integers(0, 2, count)
    return Part(data=data, labels=labels, attributes={"subject": subjects})


def identity(data):
    return data


def test_separable_classes_are_all_found():
    results = AttributeInference(FAST).run(
        identity, make_part(300, 0, 12.0), make_part(150, 1, 12.0)
    )
    assert {one.attacker for one in results.results} == set(FAST)
    for one in results.results:
        assert one.accuracy == one.balanced_accuracy == one.auc == 1.0
        assert one.advantage == 1.0
    assert results.prior == pytest.approx(1 / 3)
    assert results.blind_balanced_accuracy == pytest.approx(1 / 3)
    assert results.examples == (255, 45, 150)


@pytest.mark.parametrize(
    ("name", "shape", "steps"),
    [("mlp", (5,), 48), ("cnn", (6, 6, 1), 120), ("cnn", (16, 2), 120)],
)
def test_networks_find_classes(name, shape, steps):
    attack = AttributeInference([name], steps)
    results = attack.run(
        identity,
        make_part(600, 0, 8.0, shape=shape),
        make_part(150, 1, 8.0, shape=shape),
    )
    assert results.best.accuracy > 0.95
    scores = attack.best_attacker.predict(make_part(9, 2, shape=shape).data)
    assert scores.shape == (9, 3) and scores.dtype == np.float64
    assert scores.sum(axis=1) == pytest.approx(1.0)


def lamps(count, seed):
    """Pictures of a lamp in the upper or the lower half."""
    generator = np.random.default_rng(seed)
    data = generator.uniform(0, 0.3, (count, 16, 16, 1)).astype("float32")
    labels = np.arange(count) % 2
    rows, columns = generator.integers(1, 5, count), generator.integers(13)
    for one, label, row in zip(data, labels, rows):
        one[row + 8 * label:][:3, columns:columns + 3] += 0.7
    return Part(data=data, labels=labels, attributes={})


def test_pictures_are_learnt_from_moved_ones():
    attack = AttributeInference(["augmented_cnn"], 24)
    results = attack.run(identity, lamps(300, 0), lamps(100, 1), "label")
    assert results.best.accuracy > 0.95
    # What is smaller than a picture is left to the others.
    small = make_part(100, 0, shape=(15, 16, 1)), make_part(50, 1, shape=(
        15, 16, 1
    ))
    attack = AttributeInference(["augmented_cnn", "nearest_neighbours"])
    found = attack.run(identity, *small)
    assert [one.attacker for one in found.results] == ["nearest_neighbours"]
    with pytest.raises(ValueError, match="at least 16 a side"):
        AttributeInference(["augmented_cnn"]).run(identity, *small)


def test_two_gaussians_give_the_accuracy_of_theory():
    # X | Y ~ N(-1 or 1, 1), both as likely: Phi(1) = .8413, and the area
    # under the curve is Phi(2 / sqrt 2) = .9214.
    generator = np.random.default_rng(0)
    labels = np.arange(6000) % 2
    data = (2.0 * labels - 1 + generator.normal(size=6000))[:, None]
    parts = [
        Part(data=data[half], labels=labels[half], attributes={})
        for half in (slice(0, 2000), slice(2000, 6000))
    ]
    results = AttributeInference(["logistic_regression"]).run(
        identity, *parts, attribute="label", undefended=0.9
    )
    assert results.best.accuracy == pytest.approx(0.8413, abs=0.02)
    assert results.best.auc == pytest.approx(0.9214, abs=0.02)
    # (accuracy - .5) / (.9 - .5), and (accuracy - .5) / .5.
    gain = results.best.accuracy - 0.5
    assert results.share_of_undefended == pytest.approx(gain / 0.4)
    assert results.best.advantage == pytest.approx(gain / 0.5)


def test_the_largest_class_is_no_success():
    # Nine of ten are of one class, and the features tell nothing.
    parts = [make_part(count, seed) for seed, count in ((0, 400), (1, 1000))]
    for part in parts:
        part.labels = (np.arange(len(part)) % 10 == 0).astype(int)
    results = AttributeInference(["logistic_regression"]).run(
        identity, *parts, attribute="label"
    )
    assert results.prior == 0.9
    assert results.best.accuracy == pytest.approx(0.9, abs=0.01)
    assert results.best.balanced_accuracy == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("shape", [(4,), (4, 4, 1)])
def test_constant_features_give_the_prior(shape):
    results = AttributeInference().run(
        lambda data: np.full((len(data), *shape), 7, np.uint8),
        make_part(100, 0),
        make_part(50, 1),
    )
    assert len(results.results) == (5 if len(shape) == 3 else 4)
    for one in results.results:
        assert one.accuracy == results.prior
        assert one.balanced_accuracy == pytest.approx(1 / 3)
        assert (one.auc, one.advantage) == (0.5, 0.0)


def test_one_leaking_feature_among_many_is_found():
    def send(data):
        noise = np.random.default_rng(len(data)).normal(size=(len(data), 900))
        noise[:, 123] = data[:, 0] > 3
        return noise

    part, test = make_part(300, 0, 6.0, 2), make_part(300, 1, 6.0, 2)
    results = AttributeInference(["logistic_regression"]).run(send, part, test)
    assert results.best.accuracy > 0.99


def test_attacks_repeat():
    found = [
        AttributeInference(["random_forest", "mlp"], steps=3, seed=5).run(
            identity, make_part(60, 0, 1.0), make_part(60, 1, 1.0)
        )
        for _ in range(2)
    ]
    assert [(one.attacker, one.auc) for one in found[0].results] == [
        (one.attacker, one.auc) for one in found[1].results
    ]


def test_metrics_agree_with_scikit_learn():
    from sklearn.metrics import balanced_accuracy_score, roc_auc_score

    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, 200)
    scores = generator.dirichlet([1, 1, 1], 200)
    scores[np.arange(200), labels] += 0.2
    scores /= scores.sum(axis=1, keepdims=True)
    expected = roc_auc_score(labels, scores, multi_class="ovr")
    assert classifiers.auc(labels, scores) == pytest.approx(expected, 1e-12)
    equal = np.full(3, 1 / 3)
    assert classifiers.balanced_accuracy(
        labels, scores, equal
    ) == pytest.approx(balanced_accuracy_score(labels, scores.argmax(1)))
    # A class that is not tested: the mean over the other two.
    some = labels < 2
    assert classifiers.auc(labels[some], scores[some]) == pytest.approx(
        np.mean([
            roc_auc_score(labels[some] == k, scores[some, k]) for k in (0, 1)
        ])
    )
    two = scores[some, :2]
    assert classifiers.auc(labels[some], two) == pytest.approx(
        roc_auc_score(labels[some], two[:, 1])
    )


def test_metrics_are_float64():
    # In float32 these four scores are one, and the area would be .5.
    scores = 0.5 + 1e-12 * np.array([0.0, 1.0, 2.0, 3.0])
    scores = np.stack([1 - scores, scores], axis=1)
    assert classifiers.auc(np.array([0, 0, 1, 1]), scores) == 1.0


def test_results_are_data():
    part, test = make_part(100, 0), make_part(50, 1)
    results = AttributeInference(FAST[:2]).run(
        identity, part, test, undefended=0.99
    )
    pairs = Verification(LINEAR, pairs=200).run(identity, part, test)
    results = results.with_verification(pairs)
    assert results.equal_error_rate == pairs.best.equal_error_rate
    kept = json.loads(json.dumps(results.to_dict()))
    assert AttributeResults.from_dict(kept) == results
    kept = json.loads(json.dumps(pairs.to_dict()))
    assert VerificationResults.from_dict(kept) == pairs
    text = results.summary()
    for word in ("subject", "largest class", "undefended", "equal error rate"):
        assert word in text
    frame = results.to_dataframe()
    assert list(frame["attacker"][2:]) == ["undefended client", "largest class"]
    assert "cosine" in pairs.summary() and "lda" in pairs.summary()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"subject": None}, "must be one of gender, label. Received: 'subj"),
        ({"subject": np.zeros(100, int)}, "at least two classes"),
        ({"subject": np.linspace(0, 1, 100)}, "Bin it first"),
        ({"subject": np.zeros(99, int)}, "one value for each of 100"),
        ({"subject": np.arange(100) // 99}, "at least two examples of each"),
        ({"subject": np.arange(100) % 2 + 1}, "`Verification`"),
    ],
)
def test_attributes_that_cannot_be_inferred_are_refused(change, message):
    part, test = make_part(100, 0), make_part(50, 1)
    part.attributes = {"gender": part.labels, **part.attributes, **change}
    if part.attributes["subject"] is None:
        del part.attributes["subject"]
    with pytest.raises(ValueError, match=message):
        AttributeInference(FAST).run(identity, part, test)


def test_other_bad_input_is_refused():
    part, test = make_part(100, 0), make_part(50, 1)
    with pytest.raises(ValueError, match="must be out of"):
        AttributeInference(["magic"])
    with pytest.raises(ValueError, match="must be out of"):
        Verification(["magic"])
    with pytest.raises(ValueError, match="`steps` must be an integer"):
        AttributeInference(steps=0)
    with pytest.raises(ValueError, match="'cnn' needs features of shape"):
        AttributeInference(["cnn"]).run(identity, part, test)
    with pytest.raises(ValueError, match="at least 20 examples"):
        AttributeInference().run(identity, make_part(10, 0), test)
    with pytest.raises(ValueError, match="finite numbers"):
        AttributeInference().run(lambda data: data * np.nan, part, test)
    test.attributes["subject"] = np.ones(50, int)
    with pytest.raises(ValueError, match="two classes in the test data"):
        AttributeInference().run(identity, part, test)
