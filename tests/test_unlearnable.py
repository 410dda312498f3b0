"""Noise that needs labels: bounds, rounding, and that EMN finds a shortcut."""

import dataclasses

import numpy as np
import pytest

from kprivacy import baselines
from kprivacy.attacks import retraining
from kprivacy.baselines import emn
from kprivacy.confounder_gan import build_client
from kprivacy.data import Arrays
from kprivacy.errors import UserError
from kprivacy.experiments import confounder_bench


@pytest.fixture
def part():
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (60, 16, 14, 3))
    return Arrays(
        (pixels / 255).astype("float32"), (np.arange(60) % 3).astype("int32"),
        3,
    )


def levels(published, part):
    return np.rint(255 * published.data) - np.rint(255 * part.data)


def test_both_signs_are_stored(part):
    noise = np.where(np.arange(14) % 2, 0.7, -0.7)[:, None] * 8 / 255
    noise = np.broadcast_to(noise, part.data.shape)
    found = baselines.published(part, noise)
    changed = levels(found, part)
    inside = (part.data > 0.05) & (part.data < 0.95)
    # 5.6 levels go to 6, of both signs.
    assert set(np.unique(changed[inside])) == {-6, 6}
    assert found.data.min() >= 0 and found.data.max() <= 1
    with pytest.raises(UserError, match="shape of the images"):
        baselines.published(part, noise[:3])


def test_class_wise(part):
    patched = baselines.published(part, baselines.class_patches(part))
    corner = patched.data[:, -3:, -2:]
    for label in range(3):
        mine = corner[part.labels == label]
        assert np.abs(mine - mine[0]).max() < 1e-6
    np.testing.assert_array_equal(
        patched.data[:, :13, :12], part.data[:, :13, :12]
    )
    noise = baselines.class_noise(part, 8 / 255)
    assert set(np.rint(255 * np.unique(noise))) == {-8, 8}
    assert (noise[0] == noise[3]).all() and (noise[0] != noise[1]).any()
    cells = baselines.class_noise(part, 8 / 255, cell=5)
    height, width = part.data.shape[1:3]
    kept = np.arange(height) // 5 * 5, np.arange(width) // 5 * 5
    np.testing.assert_array_equal(cells, cells[:, kept[0]][:, :, kept[1]])
    assert (cells[0] != cells[0, 0, 0]).any()
    assert (cells[0] == cells[3]).all() and (cells[0] != cells[1]).any()
    with pytest.raises(UserError, match="`cell`"):
        baselines.class_noise(part, cell=0)


def test_a_class_goes_where_its_pictures_want():
    noise = np.zeros((3, 1), "float32")
    slopes = np.array([[-1.0], [-2.0], [5.0], [0.1]])
    emn._move(noise, np.array([0, 0, 0, 2]), slopes, 0.3)
    np.testing.assert_allclose(noise, [[0.01], [0.0], [-0.03]], atol=1e-7)


def test_controls(part):
    noise = baselines.class_noise(part)
    drawn = baselines.random_like(noise)
    np.testing.assert_allclose(
        np.square(drawn).sum(axis=(1, 2, 3)),
        np.square(noise).sum(axis=(1, 2, 3)), rtol=1e-4,
    )
    ramp = np.arange(60, dtype="float32")[:, None]
    moved = baselines.shuffled(ramp)
    assert sorted(moved[:, 0]) == list(range(60)) and (moved != ramp).all()


@pytest.mark.parametrize("classwise", [False, True])
def test_error_minimising_noise_is_learnt_at_once(part, classwise):
    """Labels are random: only the noise can tell them."""
    noise, wrong = baselines.error_minimising(
        part, 16 / 255, classwise, "resnet18", 8, most_rounds=40
    )
    assert np.abs(noise).max() <= 16 / 255 + 1e-6
    assert wrong[-1] <= (0.1 if classwise else 0.01) and len(wrong) < 40
    if classwise:
        assert (noise[0] == noise[3]).all()
    again, _ = baselines.error_minimising(
        part, 16 / 255, classwise, "resnet18", 8, most_rounds=40
    )
    np.testing.assert_allclose(again, noise, atol=1e-6)


def test_a_purifier_learns_from_leaked_pairs(part):
    noise = baselines.class_noise(part, 16 / 255)
    # Every picture has the same noise, and is smooth: it can be told apart.
    flat = Arrays(
        np.repeat(np.repeat(part.data[:, :4, :4] * 0.6 + 0.2, 4, 1), 4, 2),
        part.labels, 3,
    )
    flat = baselines.published(flat, np.zeros_like(flat.data))
    noise = np.pad(noise[:1], [(0, 0), (0, 0), (0, 2), (0, 0)])
    sent = baselines.published(flat, np.broadcast_to(noise, flat.data.shape))
    few = slice(0, 30)
    found = retraining.purified(
        sent, sent.take(few), flat.take(few), steps=200, width=8
    )
    before, after = (
        np.abs(one.data[30:] - flat.data[30:]).mean() for one in (sent, found)
    )
    assert after < 0.5 * before
    np.testing.assert_allclose(255 * found.data, np.rint(255 * found.data),
                               atol=1e-3)
    with pytest.raises(UserError, match="at least 16 pairs"):
        retraining.purified(sent, sent.take(slice(0, 3)),
                            flat.take(slice(0, 3)))


def test_the_surrogate_has_the_classifiers_form(part, monkeypatch, tmp_path):
    built = []

    def classifier(*arguments):
        built.append(arguments)
        raise InterruptedError

    monkeypatch.setattr(emn.networks, "classifier", classifier)
    config = confounder_bench.config_of("isic2017", "emn", 0)
    with pytest.raises(InterruptedError):
        confounder_bench._noise(config, tmp_path, part, tmp_path)
    with pytest.raises(InterruptedError):
        baselines.error_minimising(part)
    assert [one[2:] for one in built] == [
        ("resnet18", 64, "imagenet"), ("resnet18", 64, "cifar")
    ]


def test_bounds_are_whole_levels(part):
    """Rounding a file's noise does not exceed what was asked for."""
    noise = baselines.class_noise(part, 0.03)  # 7.65 levels
    assert np.abs(levels(baselines.published(part, noise), part)).max() == 7
    noise, _ = baselines.error_minimising(
        part, 0.03, network="mlp", width=8, most_rounds=1
    )
    assert np.abs(levels(baselines.published(part, noise), part)).max() == 7


@pytest.mark.parametrize("bound", [0.4 / 255, 8, -0.1, "a", float("nan")])
def test_bounds_that_cannot_be(part, bound):
    for method in (baselines.class_noise, baselines.error_minimising):
        with pytest.raises(UserError, match="`bound` must be at least one"):
            method(part, bound)


def test_what_is_no_set_of_pictures(part):
    methods = (baselines.class_noise, baselines.class_patches,
               baselines.error_minimising)
    bytes_ = dataclasses.replace(part, data=255 * part.data)
    empty = part.take(slice(0, 0))
    for method in methods:
        with pytest.raises(UserError, match="Divide bytes by 255"):
            method(bytes_)
        with pytest.raises(UserError, match=r"shape \(0, 16, 14, 3\)"):
            method(empty)
        with pytest.raises(UserError, match="Arrays.* Received: ndarray"):
            method(part.data)
    with pytest.raises(UserError, match="finite"):
        baselines.published(part, np.full_like(part.data, np.nan))
    with pytest.raises(UserError, match="two images"):
        baselines.shuffled(part.data[:1])
    other = dataclasses.replace(part, labels=part.labels[::-1].copy())
    with pytest.raises(UserError, match="same examples, in one order"):
        retraining.noise_alone(part, other)
    with pytest.raises(UserError, match="`steps`"):
        retraining.purified(part, part, part, steps=0)
    small = dataclasses.replace(part, data=part.data[:, :8])
    with pytest.raises(UserError, match="images of one shape"):
        retraining.purified(part, small, small)
    client = build_client((16, 16, 3), filters=(3,))
    with pytest.raises(UserError, match=r"of shape \(16, 14, 3\)"):
        retraining.without_noise(part, client)
