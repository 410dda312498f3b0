"""What the unauthorised trainer does to each batch."""

import numpy as np
import pytest

from kprivacy.attacks.retraining import augmentations, eraser, policies


@pytest.fixture
def batch():
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (40, 16, 16, 3)) / 255
    return images.astype("float32"), np.eye(4, dtype="float32")[
        np.arange(40) % 4
    ]


@pytest.mark.parametrize("name", list(augmentations.NAMES))
def test_augmentations_keep_shapes_and_repeat(batch, name):
    found = [
        augmentations.NAMES[name](*batch, np.random.default_rng(seed))
        for seed in (1, 1, 2)
    ]
    for images, labels in found:
        assert images.shape == batch[0].shape and images.dtype == np.float32
        assert images.min() >= 0 and images.max() <= 1
        np.testing.assert_allclose(labels.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(found[0][0], found[1][0])
    if name != "none":
        assert (found[0][0] != batch[0]).any()
        assert (found[0][0] != found[2][0]).any()


def test_crops_and_mirrors_are_windows(batch):
    images, labels = batch
    found, _ = augmentations.crop(images, labels, np.random.default_rng(0))
    padded = np.pad(images, [(0, 0), (2, 2), (2, 2), (0, 0)])
    places = set()
    for one, around in zip(found, padded):
        at = [(i, j) for i in range(5) for j in range(5)
              if (around[i:i + 16, j:j + 16] == one).all()]
        assert len(at) == 1
        places.add(at[0])
    assert len(places) > 10
    found, _ = augmentations.flip(images, labels, np.random.default_rng(0))
    turned = (found == images[:, :, ::-1]).all(axis=(1, 2, 3))
    kept = (found == images).all(axis=(1, 2, 3))
    assert (turned ^ kept).all() and 10 < turned.sum() < 30


def test_squares_and_mixtures(batch):
    generator = np.random.default_rng(3)
    ones = np.ones((200, 32, 32, 1), "float32")
    found, _ = augmentations.cutout(ones, ones, generator)
    # 16 x 16 of 32 x 32 inside, less where it hangs over the edge.
    hidden = 1 - found.mean(axis=(1, 2, 3))
    assert hidden.max() == pytest.approx(0.25) and hidden.min() >= 0.06
    images, labels = batch
    cut = [augmentations.cutmix(images, labels, generator) for _ in range(20)]
    plain = [one for one, _ in cut if (one == images).all()]
    assert 3 < len(plain) < 17
    for one, share in cut:
        foreign = (one != images).any(axis=-1).mean(axis=(1, 2))
        whole = np.abs(1 - share[np.arange(40), np.arange(40) % 4])
        assert (whole <= foreign.max() + 1e-6).all()


def greys():
    """Four pictures of one grey each, 0 to 3/8, each a class of its own."""
    values = np.arange(4, dtype="float32") / 8
    images = values[:, None, None, None] * np.ones((1, 8, 8, 1), "float32")
    return images, np.eye(4, dtype="float32"), values


def test_mixup_by_hand():
    """Seed 0 draws the share .7024679 and takes the pictures backwards."""
    images, labels, values = greys()
    found, shares = augmentations.mixup(
        images, labels, np.random.default_rng(0)
    )
    share = 0.7024679
    np.testing.assert_allclose(
        shares, share * np.eye(4) + (1 - share) * np.eye(4)[::-1], atol=1e-6
    )
    # .2975321 * 3/8, .7024679 / 8 + .2975321 * 2/8, ...
    pixels = np.float32([0.1115745, 0.1621915, 0.2128085, 0.2634255])
    np.testing.assert_allclose(
        found, pixels[:, None, None, None] * np.ones((1, 8, 8, 1)), atol=1e-6
    )


def test_cutmix_by_hand():
    """Seed 7 pastes 5 x 5 pixels of 8 x 8, from row 0 and column 3 on.

    The first picture gets those of the last, 25/64 of it.
    """
    images, labels, values = greys()
    found, shares = augmentations.cutmix(
        images, labels, np.random.default_rng(7)
    )
    expected = np.zeros((8, 8), "float32")
    expected[0:5, 3:8] = 0.375
    np.testing.assert_array_equal(found[0, ..., 0], expected)
    np.testing.assert_allclose(shares[0], [39 / 64, 0, 0, 25 / 64])


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_labels_are_mixed_as_pixels_are(name):
    """A picture's mean grey is that of its labels' classes."""
    images, labels, values = greys()
    soft = 0
    for seed in range(12):
        generator = np.random.default_rng(seed)
        found, shares = getattr(augmentations, name)(
            images, labels, generator
        )
        np.testing.assert_allclose(
            found.mean(axis=(1, 2, 3)), shares @ values, atol=1e-6
        )
        soft += (shares.max(axis=1) < 1).any()
    assert soft == 12 if name == "mixup" else 2 < soft < 10


def test_there_are_the_paper_s_augmentations():
    assert tuple(augmentations.NAMES) == (
        "none", "flip", "crop", "flip+crop", "cutout", "mixup", "cutmix",
        "autoaugment",
    )


@pytest.mark.parametrize("name", list(augmentations.NAMES))
def test_a_name_is_what_it_says(batch, name):
    """By name, labels are mixed where they should be; others stay."""
    soft = []
    for seed in range(8):
        generator = np.random.default_rng(seed)
        images, labels = augmentations.NAMES[name](*batch, generator)
        soft.append((labels.max(axis=1) < 1).any())
        again = np.random.default_rng(seed)
        plain = augmentations.both(*batch, again)[0]
        if name in ("cutout", "mixup"):
            assert (images != plain).any(axis=(1, 2, 3)).mean() > 0.5
    assert any(soft) == (name in ("mixup", "cutmix"))


def test_the_policy_has_its_operations(batch):
    used = {step[0] for pair in policies.CIFAR10 for step in pair}
    assert len(policies.CIFAR10) == 25
    assert used == set(policies._OPERATIONS) - {"shear_x"}
    assert set(policies.TRIVIAL) == set(policies._OPERATIONS) - {"invert"}
    grey = batch[0][..., :1]
    assert policies.cifar10(grey, np.random.default_rng(0)).shape == grey.shape


def test_plasma_is_smooth_and_fills_its_range():
    found = eraser.plasma(20, (16, 24), np.random.default_rng(0))
    assert found.shape == (20, 16, 24, 1)
    np.testing.assert_allclose(found.min(axis=(1, 2, 3)), 0, atol=1e-9)
    np.testing.assert_allclose(found.max(axis=(1, 2, 3)), 1, atol=1e-9)
    steps = np.abs(np.diff(found, axis=1)).mean()
    mixed_up = np.random.default_rng(1).permuted(found, axis=1)
    assert steps < 0.5 * np.abs(np.diff(mixed_up, axis=1)).mean()


def test_ueraser_changes_channels_and_repeats(batch):
    found = [eraser.ueraser(*batch, np.random.default_rng(i))[0]
             for i in (1, 1, 2)]
    assert found[0].shape == batch[0].shape and found[0].dtype == np.float32
    assert found[0].min() >= 0 and found[0].max() <= 1
    np.testing.assert_array_equal(found[0], found[1])
    assert (found[0] != found[2]).any()
    grey = batch[0][..., :1], batch[1]
    assert eraser.ueraser(*grey, np.random.default_rng(0))[0].shape == (
        40, 16, 16, 1
    )
