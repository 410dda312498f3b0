"""Self-checks: they pass on sound attacks and fail on broken ones."""

import types

import numpy as np
import pytest

from kprivacy import releases
from kprivacy.attacks.attributes.inference import AttributeInference
from kprivacy.attacks.audit import self_checks
from kprivacy.attacks.reconstruction import Reconstruction
from kprivacy.attacks.reconstruction.attackers import Ridge
from kprivacy.baselines import Laplace
from kprivacy.data import Arrays, arrays
from kprivacy.metrics import mean_squared_error
from kprivacy.ran import build_client


@pytest.fixture(scope="module")
def parts():
    return arrays("digits", "attacker"), arrays("digits", "test[:200]")


def quick():
    return AttributeInference(["logistic_regression"])


def ridge():
    return Reconstruction(attackers=["ridge"], repeats=1)


def test_all_pass_on_a_client_with_noise(parts):
    client = build_client((28, 28, 1), filters=(4, 8), noise=0.5)
    checks = self_checks.run(releases.KerasRelease(client, seed=0), *parts)
    assert all(one.passed for one in checks), self_checks.summary(checks)
    assert [one.name for one in checks] == [
        "linear map recovered",
        "noise present",
        "shuffled pairs",
        "planted data",
        "shuffled attribute",
        "planted attribute",
    ]
    text = self_checks.summary(checks)
    assert "6 of 6 checks passed" in text and "FAILED" not in text


def test_nothing_is_raised(parts):
    checks = self_checks.run(
        lambda data: data * np.nan, *parts, ridge(), "smile", quick()
    )
    failed = [one for one in checks if not one.passed]
    assert len(failed) == 3
    text = self_checks.summary(checks)
    assert "2 of 5 checks passed" in text and "UserError" in text
    assert "must be one of label" in text and "finite" in text


def test_blind_attackers_miss_what_is_planted(parts):
    class Blind:
        def run(self, release, attacker, test, *attribute):
            one = types.SimpleNamespace(mse=1.0, accuracy=0.1)
            return types.SimpleNamespace(best=one, mean_error=1.0)

    found = self_checks.planted_data(Blind(), *parts)
    assert not found.passed and found.found == 1.0
    found = self_checks.planted_attribute(Blind(), _first, *parts, "label")
    assert not found.passed and found.found == 0.1


def test_attackers_that_see_the_answers_are_found(parts):
    class Cheat:
        def run(self, release, attacker, test, *attribute):
            one = types.SimpleNamespace(mse=0.9, accuracy=0.3, tested=None)
            return types.SimpleNamespace(
                best=one, results=(one,), mean_error=1.0
            )

    found = self_checks.shuffled_pairs(Cheat(), _first, *parts)
    assert not found.passed and found.found == pytest.approx(0.9)
    found = self_checks.shuffled_attribute(Cheat(), _first, *parts, "label")
    # 200 digits, the largest class p: (.3 - p) / sqrt(p (1 - p) / 200).
    p = np.bincount(parts[1].labels).max() / 200
    expected = (0.3 - p) / np.sqrt(p * (1 - p) / 200)
    assert not found.passed and found.found == pytest.approx(expected)


def test_features_that_tell_are_shuffled(parts):
    """A release that leaks all passes: the check cuts the pairs apart."""
    found = self_checks.shuffled_pairs(ridge(), _first, *parts)
    assert found.passed and found.found < 1.5
    found = self_checks.shuffled_attribute(quick(), _first, *parts, "label")
    assert found.passed


def test_rare_classes_do_not_stop_the_checks(parts):
    few = Arrays(parts[0].data[:60], parts[0].labels[:60].copy(), 10)
    few.labels[few.labels == 7] = 3
    few.labels[0] = 7
    found = self_checks.planted_attribute(
        quick(), _first, few, parts[1], "label"
    )
    assert found.passed, found


def test_noise_is_looked_for(parts):
    noisy = Laplace(0.2, seed=0)
    assert self_checks.noise_present(noisy, parts[1].data).passed
    found = self_checks.noise_present(_first, parts[1].data)
    assert not found.passed and found.found == 0.0
    assert not self_checks.takes_noise(noisy)
    client = build_client((28, 28, 1), filters=(4, 8))
    assert not self_checks.takes_noise(releases.KerasRelease(client))


def test_ridge_reaches_the_linear_gaussian_optimum():
    # z = Ax + N(0, s^2 I), x ~ N(0, S): no attacker has less error than
    # tr(S - S A'(A S A' + s^2 I)^-1 A S) / d, and the linear one has it.
    generator = np.random.default_rng(0)
    root, mixing = generator.normal(size=(2, 6, 6))
    covariance = root @ root.T / 6 + 0.2 * np.eye(6)
    mixing, scale = mixing[:4], 0.5
    gain = covariance @ mixing.T @ np.linalg.inv(
        mixing @ covariance @ mixing.T + scale**2 * np.eye(4)
    )
    optimum = np.trace(covariance - gain @ mixing @ covariance) / 6
    data = generator.multivariate_normal(np.zeros(6), covariance, 220_000)
    sent = data @ mixing.T + scale * generator.normal(size=(220_000, 4))
    found = Ridge().fit(
        sent[:15_000], data[:15_000], (sent[15_000:20_000], data[15_000:20_000])
    )
    error = mean_squared_error(data[20_000:], found.predict(sent[20_000:]))
    assert 0.05 < optimum / data.var() < 0.9
    assert error == pytest.approx(optimum, rel=0.01)


def _first(data):
    return data[:, 7:21, 7:21]
