"""Attacks: known answers, and what the results say."""

import json

import numpy as np
import pytest

from kprivacy import metrics, releases
from kprivacy.attacks import (
    Reconstruction,
    ReconstructionResults,
    inputs,
)
from kprivacy.attacks.reconstruction.attackers import NearestNeighbours, Ridge
from kprivacy.attacks.reconstruction.kernel_ridge import KernelRidge
from kprivacy.baselines import Laplace
from kprivacy.data import Arrays, arrays
from kprivacy.errors import UserError
from kprivacy.ran import build_client


@pytest.fixture(scope="module")
def parts():
    return arrays("digits", "attacker"), arrays("digits", "test[:150]")


def identity(data):
    return data


def label_release(part_by_bytes):
    """A release that sends the true class and nothing else."""
    def send(data):
        labels = [part_by_bytes[one.tobytes()] for one in data]
        return np.eye(10, dtype=np.float32)[labels]

    return send


def test_ridge_recovers_a_linear_map():
    generator = np.random.default_rng(0)
    data = generator.normal(size=(500, 5, 3)).astype("float32")
    mixing = generator.normal(size=(15, 15)) + 3 * np.eye(15)
    sent = data.reshape(500, 15) @ mixing
    ridge = Ridge().fit(sent[:300], data[:300], (sent[300:400], data[300:400]))
    error = metrics.mean_squared_error(data[400:], ridge.predict(sent[400:]))
    assert error < 1e-10


def test_nearest_neighbours_read_features_that_differ_by_little():
    generator = np.random.default_rng(0)
    data = generator.random((600, 4, 4, 1), np.float32) ** 8
    tiny = 1e-4 * data.reshape(600, 16)
    sent = tiny + 5.0 * (np.arange(600) % 2)[:, None]
    found = NearestNeighbours().fit(
        sent[:400], data[:400], (sent[400:500], data[400:500])
    )
    error = metrics.mean_squared_error(data[500:], found.predict(sent[500:]))
    assert error < 0.9 * data.var()


def test_a_planted_leak_is_found(parts):
    results = Reconstruction(attackers=["ridge"]).run(identity, *parts)
    assert results.best.mse < 1e-4
    assert results.error_over_ceiling < 0.01


def test_the_residual_attacker_denoises(parts):
    noisy = Laplace(0.2, seed=0)
    results = Reconstruction(
        attackers=["residual"], steps=240, repeats=0
    ).run(noisy, *parts)
    noise_error = metrics.mean_squared_error(
        parts[1].data, Laplace(0.2, seed=0)(parts[1].data)
    )
    assert noise_error == pytest.approx(2 * 0.2**2, rel=0.02)
    assert results.best.mse < noise_error / 2


def test_shuffled_pairs_teach_nothing(parts):
    generator = np.random.default_rng(0)

    def unrelated(data):
        return generator.normal(size=(len(data), 8))

    results = Reconstruction(
        attackers=["ridge", "nearest_neighbours"], repeats=0
    ).run(unrelated, *parts)
    assert 0.95 < results.best.mse / results.mean_error < 1.02


def test_the_label_reaches_the_label_only_ceiling(parts):
    labels = {
        one.tobytes(): label
        for part in parts
        for one, label in zip(part.data, part.labels)
    }
    results = Reconstruction(attackers=["ridge"]).run(
        label_release(labels), *parts
    )
    assert results.error_over_ceiling == pytest.approx(1.0, abs=0.03)
    assert results.label_only_error < results.mean_error


def test_weak_attackers_are_warned_of(parts):
    def misleading(data):
        sign = 1 if len(data) == len(parts[0]) else -1
        return sign * (data - 0.5)

    with pytest.warns(UserWarning, match="implausibly weak"):
        Reconstruction(attackers=["ridge"]).run(misleading, *parts)


def test_all_attackers_on_an_encoder(parts):
    client = build_client((28, 28, 1), filters=(4, 8))
    small = Arrays(parts[0].data[:128], parts[0].labels[:128], 10)
    attack = Reconstruction(encoder=client, steps=60)
    results = attack.run(releases.KerasRelease(client), small, parts[1], 0.01)
    assert {one.attacker for one in results.results} == set(attack.NAMES)
    validated = [one.validation_mse for one in results.results]
    assert validated == sorted(validated)
    assert attack.best_attacker.name == results.best.attacker
    text = results.summary()
    assert all(name in text for name in attack.NAMES)
    assert "undefended client" in text and "label only" in text
    frame = results.to_dataframe()
    count = len(attack.NAMES)
    assert list(frame["attacker"][:count]) == [
        one.attacker for one in results.results
    ]
    assert len(frame) == count + 3
    kept = json.loads(json.dumps(results.to_dict()))
    assert ReconstructionResults.from_dict(kept) == results


@pytest.mark.filterwarnings("ignore:The best attacker's error")
def test_attacks_repeat(parts):
    client = build_client((28, 28, 1), filters=(4, 8))
    found = [
        Reconstruction(client, ["mirror"], steps=60, seed=3)
        .run(releases.KerasRelease(client), *parts)
        .best.mse
        for _ in range(2)
    ]
    assert found[0] == found[1]


def test_curved_features_are_read_by_the_kernel_and_not_by_a_line():
    """Data on a circle, of which the angle's quarter turns are sent."""
    generator = np.random.default_rng(0)
    angle = generator.uniform(-np.pi, np.pi, 900)
    data = np.stack([np.cos(3 * angle), np.sin(2 * angle)], axis=1)[..., None]
    pairs = [
        (angle[where, None], data[where])
        for where in (slice(500), slice(500, 700), slice(700, 900))
    ]
    errors = {
        one.name: metrics.mean_squared_error(
            pairs[2][1], one.fit(*pairs[0], pairs[1]).predict(pairs[2][0])
        )
        for one in (Ridge(), KernelRidge())
    }
    assert errors["ridge"] > 0.3
    assert errors["kernel_ridge"] < 0.01


def test_the_class_posterior_reaches_the_label_only_ceiling(parts):
    """Blurred classes in 3 of 8 features, noise in the others."""
    labels = {
        one.tobytes(): label
        for part in parts
        for one, label in zip(part.data, part.labels)
    }
    send = label_release(labels)
    generator = np.random.default_rng(0)

    def mixed(data):
        noise = generator.normal(size=(len(data), 10))
        return np.concatenate([4 * send(data), noise], axis=1)

    results = Reconstruction(
        attackers=["class_posterior"], repeats=0
    ).run(mixed, *parts)
    assert results.error_over_ceiling == pytest.approx(1.0, abs=0.04)


def test_the_white_box_beats_the_line_it_starts_from(parts):
    """Random convolutions, batch norm and pooling, all of it known."""
    client = build_client((28, 28, 1), filters=(8,))
    attack = Reconstruction(client, ["ridge", "white_box"], steps=200)
    results = attack.run(releases.KerasRelease(client), *parts)
    errors = {one.attacker: one for one in results.results}
    assert errors["white_box"].mse < errors["ridge"].mse
    assert errors["white_box"].tested == len(parts[1])


def test_the_white_box_reads_bytes(parts):
    """The scale of what a file sends is learnt from the pairs."""
    client = build_client((28, 28, 1), filters=(8,))
    plain = releases.KerasRelease(client)
    largest = plain(parts[0].data).max()

    def sent(data):
        return np.clip(np.rint(plain(data) * 255 / largest), 0, 255).astype(
            np.uint8
        )

    attack = Reconstruction(client, ["white_box"], steps=100)
    as_floats, as_bytes = (
        attack.run(one, *parts).best.mse for one in (plain, sent)
    )
    assert as_bytes < 1.1 * as_floats


def test_repeated_releases_average_the_noise_away(parts):
    """16 releases have a fourth of the noise; they do not count as best."""
    results = Reconstruction(attackers=["ridge"], steps=100, repeats=16).run(
        Laplace(1.0, seed=0), *parts
    )
    one, several = results.results
    assert (several.attacker, several.releases) == ("averaging", 16)
    assert results.best is one
    assert several.mse < 0.7 * one.mse
    assert "averaging of 16" in results.summary()
    quiet = Reconstruction(attackers=["ridge"]).run(identity, *parts)
    assert [one.attacker for one in quiet.results] == ["ridge"]


def test_attackers_validate_on_people_they_did_not_learn_from(parts):
    subjects = np.arange(len(parts[0])) % 5
    part = Arrays(*(getattr(parts[0], n) for n in (
        "data", "labels", "num_classes")), attributes={"subject": subjects})
    kept, held = inputs.split(part, 0, 0.15)
    assert len(kept) + len(held) == len(part)
    assert len(set(subjects[held])) == 1
    assert not set(subjects[kept]) & set(subjects[held])


@pytest.mark.parametrize(
    "release, sentence",
    [
        (lambda data: np.full((len(data), 3), np.nan), "finite numbers.*NaN"),
        (lambda data: np.zeros((len(data) - 1, 3)), "one row of features"),
        (lambda data: np.full(len(data), "x"), "must send numbers"),
    ],
)
def test_releases_that_send_nonsense_are_refused(parts, release, sentence):
    with pytest.raises(UserError, match=sentence):
        Reconstruction(attackers=["ridge"]).run(release, *parts)


def test_parts_of_two_shapes_are_refused(parts):
    other = Arrays(parts[1].data[:, :20], parts[1].labels, 10)
    with pytest.raises(UserError, match="must have one shape"):
        Reconstruction(attackers=["ridge"]).run(identity, parts[0], other)


def test_too_few_examples_are_refused(parts):
    few = Arrays(parts[0].data[:5], parts[0].labels[:5], 10)
    with pytest.raises(ValueError, match="at least 20 examples"):
        Reconstruction(attackers=["ridge"]).run(identity, few, parts[1])


def test_unknown_attackers_are_refused():
    with pytest.raises(ValueError, match="must be out of"):
        Reconstruction(attackers=["magic"])


def test_metrics_by_hand():
    a = np.zeros((1, 8, 8, 1))
    b = np.full((1, 8, 8, 1), 0.1)
    assert metrics.mean_squared_error(a, b) == pytest.approx(0.01)
    # 10 log10(1 / 0.01) = 20 dB; over a range of 255, 48.13 dB more.
    assert metrics.psnr(a, b) == pytest.approx(20.0)
    assert metrics.psnr(255 * a, 255 * b, 255) == pytest.approx(20.0)
    assert metrics.ssim(b, b) == pytest.approx(1.0)
    assert metrics.ssim(np.zeros((1, 128, 9)), np.zeros((1, 128, 9))) is None
    with pytest.raises(ValueError, match="must have one shape"):
        metrics.mean_squared_error(a, b[:, :4])
    with pytest.raises(ValueError, match="must be finite"):
        metrics.mean_squared_error(a, a * np.nan)


def test_metrics_are_float64():
    a = np.full((1, 1000, 1000, 1), 1.0, np.float32)
    b = a + np.float32(1e-3)
    exact = (np.float64(b[0, 0, 0, 0]) - 1.0) ** 2
    found = metrics.mean_squared_error(a, b)
    assert found == pytest.approx(exact, rel=1e-12)
