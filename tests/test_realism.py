"""Whether fakes look real: classifiers, Fréchet distance, fresh judges."""

import json

import numpy as np
import pytest
import scipy.linalg

from kprivacy.attacks import fakes
from kprivacy.errors import UserError


def gaussian(count, mean, covariance, seed):
    """Rows whose sample mean and covariance are exactly these."""
    x = np.random.default_rng(seed).normal(size=(count, len(mean)))
    x -= x.mean(axis=0)
    white = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T))).T
    return white @ np.linalg.cholesky(covariance).T + mean


def textures(count, seed, shape=(12, 12, 1)):
    """Smooth random images on the 8-bit grid."""
    x = np.random.default_rng(seed).random((count, *shape))
    for axis in (1, 2):
        x = (x + np.roll(x, 1, axis) + np.roll(x, 2, axis)) / 3
    return np.rint(x * 255).astype(np.float32) / 255


def test_frechet_distance_of_diagonal_gaussians():
    means = np.array([0.0, 1.0, -2.0]), np.array([1.0, 1.0, 0.0])
    stds = np.array([1.0, 2.0, 0.5]), np.array([3.0, 2.0, 0.25])
    sets = [
        gaussian(50 + 30 * i, means[i], np.diag(stds[i] ** 2), i)
        for i in (0, 1)
    ]
    # (1 + 0 + 4) + (2^2 + 0^2 + .25^2)
    assert fakes.frechet_distance(*sets) == pytest.approx(9.0625)
    assert fakes.frechet_distance(sets[0], sets[0]) < 1e-9


def test_frechet_distance_of_turned_gaussians():
    generator = np.random.default_rng(0)
    first, second = (
        np.cov(generator.normal(size=(4, 30)) * [[1], [2], [3], [4]])
        + generator.random() * np.ones((4, 4))
        for _ in range(2)
    )
    means = generator.normal(size=(2, 4))
    root = scipy.linalg.sqrtm(first @ second).real
    expected = ((means[0] - means[1]) ** 2).sum() + np.trace(
        first + second - 2 * root
    )
    found = fakes.frechet_distance(
        gaussian(99, means[0], first, 1), gaussian(99, means[1], second, 2)
    )
    assert found == pytest.approx(expected)


def test_frechet_distance_with_fewer_examples_than_features():
    x = np.random.default_rng(0).normal(size=(10, 40))
    assert fakes.frechet_distance(x, x) == pytest.approx(0, abs=1e-6)
    assert fakes.frechet_distance(x, x + 2) == pytest.approx(160)
    with pytest.raises(UserError, match="same features"):
        fakes.frechet_distance(x, x[:, :3])
    with pytest.raises(UserError, match="finite"):
        fakes.frechet_distance(x, x * np.nan)


class Means:
    """A classifier of brightness, whose features are the rows' means."""

    def __call__(self, images):
        bright = images.mean(axis=(1, 2, 3)) > 0.5
        return np.where(bright[:, None], [[0.2, 0.8]], [[0.9, 0.1]])

    def features(self, images):
        return images.mean(axis=(2, 3)).astype(np.float64)


class Always(Means):
    """Finds all textures bright."""

    def __call__(self, images):
        return np.tile([[0.1, 0.9]], (len(images), 1))


def test_realism():
    reals = textures(400, 0)
    same = fakes.realism(Means(), reals, textures(300, 1))
    assert same.judged == 200 and same.agreement is None
    assert same.frechet < 4 * same.frechet_real
    bright = fakes.realism(Means(), reals, np.minimum(reals + 0.4, 1))
    assert bright.frechet > 100 * bright.frechet_real
    assert bright.largest_class == 1.0 and bright.entropy == 0.0
    assert bright.confidence == pytest.approx(0.8)
    share = bright.largest_class_real
    assert 0.5 <= share < 0.7
    assert bright.entropy_real == pytest.approx(
        -share * np.log2(share) - (1 - share) * np.log2(1 - share)
    )
    assert 0.8 < bright.confidence_real < 0.9
    json.dumps(bright.to_dict())
    agreed = fakes.realism(
        Means(), reals, np.minimum(reals + 0.4, 1), 0, Always()
    )
    assert agreed.agreement == 1.0
    assert min(abs(agreed.agreement_real - x) for x in (share, 1 - share)) == (
        pytest.approx(0)
    )
    with pytest.raises(UserError, match="half as many fakes"):
        fakes.realism(Means(), reals[:30], reals)


def test_detector_is_blind_between_real_and_real():
    x = textures(4400, 0)
    found = fakes.Detector(steps=60).run(
        x[:700], x[700:1400], x[1400:2900], x[2900:]
    )
    assert set(found.accuracies) == {"cnn", "mlp", "histogram"}
    assert found.examples == (1190, 210, 3000)
    assert found.deviation == pytest.approx(0.5 / 3000**0.5)
    for one in found.accuracies.values():
        assert abs(one - 0.5) < 4 * found.deviation
    json.dumps(found.to_dict())


def test_detector_finds_a_value_that_is_too_frequent():
    """What networks overlook: some pixels moved to one grey level."""
    x, y = textures(1000, 0), textures(1000, 1)
    near = np.abs(y - 100 / 255) < 1.5 / 255
    y = np.where(near, np.float32(100 / 255), y)
    found = fakes.Detector(steps=12).run(x[:700], y[:700], x[700:], y[700:])
    assert found.judge == "histogram" and found.accuracy > 0.8


@pytest.mark.parametrize("planted", ["shifted", "noisy", "pixel"])
def test_detector_finds_planted_differences(planted):
    generator = np.random.default_rng(5)
    x, y = textures(1000, 0), textures(1000, 1)
    if planted == "noisy":
        y = np.clip(y + generator.normal(0, 0.06, y.shape), 0, 1)
    elif planted == "shifted":
        y = np.minimum(y + 0.05, 1)
    else:
        y[:, 4, 7] = np.minimum(y[:, 4, 7] + 0.1, 1)
    found = fakes.Detector(steps=120).run(x[:700], y[:700], x[700:], y[700:])
    assert found.accuracy == found.accuracies[found.judge]
    assert found.accuracy > 0.8


def test_detector_of_vectors():
    x = np.random.default_rng(0).normal(size=(1000, 8))
    y = np.random.default_rng(1).normal(size=(1000, 8))
    y[:, 1] = -y[:, 0]
    found = fakes.Detector(steps=30).run(x[:700], y[:700], x[700:], y[700:])
    assert set(found.accuracies) == {"mlp"}
    assert found.accuracy > 0.85


def test_detector_refuses():
    x = textures(40, 0)
    with pytest.raises(UserError, match="one shape"):
        fakes.Detector().run(x, x, x, x[:, 1:])
    with pytest.raises(UserError, match="at least 20"):
        fakes.Detector().run(x, x, x, x[:3])


@pytest.mark.parametrize("shape", [(12, 12, 1), (9, 16, 3), (6,)])
def test_classifier_learns_saves_and_loads(tmp_path, shape):
    generator = np.random.default_rng(0)
    labels = np.arange(240) % 3
    x = generator.random((240, *shape), np.float32) * 0.6
    x += (labels / 6).astype(np.float32).reshape(-1, *[1] * len(shape))
    trained = fakes.train_classifier(x, labels, 3, epochs=15)
    scores = trained(x)
    assert scores.dtype == np.float64
    assert scores.sum(axis=1) == pytest.approx(1.0)
    assert (scores.argmax(axis=1) == labels).mean() > 0.8
    assert trained.features(x).shape == (240, 128)
    trained.save(tmp_path / "c.keras")
    loaded = fakes.Classifier.load(tmp_path / "c.keras")
    np.testing.assert_array_equal(loaded(x), scores)
    np.testing.assert_array_equal(loaded.features(x), trained.features(x))


def test_classifier_repeats_by_its_seed():
    x = textures(60, 0)
    labels = np.arange(60) % 2
    runs = [
        fakes.train_classifier(x, labels, 2, seed, epochs=2)(x)
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0] != runs[2]).any()


def test_logits_are_of_the_features():
    x = textures(40, 0)
    trained = fakes.train_classifier(x, np.arange(40) % 2, 2, epochs=1)
    weights, offset = trained.model.get_layer("logits").get_weights()
    odds = trained.features(x) @ (weights[:, 1] - weights[:, 0])
    odds += offset[1] - offset[0]
    assert trained(x)[:, 1] == pytest.approx(1 / (1 + np.exp(-odds)))


def test_classifier_refuses():
    x = textures(30, 0)
    with pytest.raises(UserError, match="vectors .examples, d."):
        fakes.train_classifier(x[0, 0, 0], np.zeros(1, int), 2)
    for labels in (np.full(30, 2), np.zeros(29, int), np.full(30, 0.5)):
        with pytest.raises(UserError, match="class indices below 2"):
            fakes.train_classifier(x, labels, 2)
