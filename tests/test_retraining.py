"""The unauthorised trainer: augmentations, countermeasures, what it finds."""

import json

import keras
import numpy as np
import pytest

from kprivacy import networks
from kprivacy.attacks import Retraining
from kprivacy.attacks.retraining import (
    augmentations,
    countermeasures,
    eraser,
    hardened,
    mixed,
    policies,
    trainer,
)
from kprivacy.data import Arrays
from kprivacy.errors import UserError


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
    mixtures, shares = augmentations.mixup(images, labels, generator)
    assert ((shares > 0).sum(axis=1) <= 2).all()
    cut = [augmentations.cutmix(images, labels, generator) for _ in range(20)]
    plain = [one for one, _ in cut if (one == images).all()]
    assert 3 < len(plain) < 17
    for one, share in cut:
        foreign = (one != images).any(axis=-1).mean(axis=(1, 2))
        whole = np.abs(1 - share[np.arange(40), np.arange(40) % 4])
        assert (whole <= foreign.max() + 1e-6).all()


def test_the_policy_has_its_operations(batch):
    used = {step[0] for pair in policies.CIFAR10 for step in pair}
    assert len(policies.CIFAR10) == 25
    assert used == set(policies._OPERATIONS)
    grey = batch[0][..., :1]
    assert policies.cifar10(grey, np.random.default_rng(0)).shape == grey.shape


@pytest.mark.parametrize("name", [
    "grey", "jpeg_75", "jpeg_10", "bits_2", "blur", "halved", "grey+jpeg_10",
    "jpeg_1", "jpeg_100", "bits_3", "blur_0.5", "halved+grey+bits_5",
])
def test_countermeasures(batch, name):
    found = countermeasures.of(name).see(batch[0])
    assert found.shape == batch[0].shape and found.dtype == np.float32
    np.testing.assert_allclose(found * 255, np.rint(found * 255), atol=1e-4)
    assert (found != batch[0]).any()
    if name == "grey":
        assert (found == found[..., :1]).all()
    if name.endswith(("bits_2", "bits_3")):
        assert len(np.unique(found)) == 2 ** int(name[-1])


def test_countermeasures_have_numbers(batch):
    """Names without any are what they were; numbers are what they say."""
    images = batch[0]
    for name, same in (("blur", "blur_1.0"), ("blur", "blur_1")):
        np.testing.assert_array_equal(
            *(countermeasures.of(one).see(images) for one in (name, same))
        )
    np.testing.assert_array_equal(
        countermeasures.of("grey+jpeg_10").see(images),
        countermeasures.jpeg(10)(countermeasures.grey(images)),
    )
    plane = images[..., :1]
    errors = [np.abs(countermeasures.of(f"jpeg_{q}").see(plane) - plane)
              .mean() for q in (100, 95, 75, 10, 1)]
    assert errors == sorted(errors) and errors[0] < 0.002 < errors[1]
    # A white line keeps 1 / (2 pi)^.5 / 2 of its height in its place.
    line = np.zeros((1, 33, 33, 1), np.float32)
    line[:, :, 16] = 1.0
    blurred = countermeasures.of("blur_2").see(line)
    assert blurred[0, 5, 16, 0] == pytest.approx(0.1995, abs=0.003)
    np.testing.assert_array_equal(
        countermeasures.of("bits_8").see(images), images
    )


@pytest.mark.parametrize("name, kind, levels", [
    ("adversarial_training", "adversarial_training", 8),
    ("adversarial_training_16", "adversarial_training", 16),
    ("adversarial_training_2.5", "adversarial_training", 2.5),
    ("ueraser_max", "ueraser_max", 8),
    ("grey+adversarial_training_4", "adversarial_training", 4),
    ("jpeg_50", None, 8),
    (None, None, 8),
])
def test_kinds_of_training(name, kind, levels):
    found = countermeasures.of(name)
    assert found.kind == kind
    assert found.radius == levels / 255
    plain = name is None or name.startswith(("adversarial", "ueraser"))
    assert (found.see is None) == plain


@pytest.mark.parametrize("name", [
    "", "wash", "jpeg", "jpeg_0", "jpeg_101", "jpeg_-3", "jpeg_7.5",
    "bits_0", "bits_9", "bits", "blur_0", "blur_101", "blur_-1", "blur_x",
    "blur_nan", "grey_2", "halved_2", "adversarial_training_0",
    "adversarial_training_256", "ueraser_max_2", "grey+", "grey+wash",
    "ueraser_max+adversarial_training", "Grey", 3, ("grey",),
])
def test_other_countermeasures_are_refused(name):
    with pytest.raises(UserError) as found:
        Retraining(countermeasure=name)
    for part in ('"jpeg_Q" with Q from 1 to 100', f"countermeasure={name!r}"):
        assert part in str(found.value)


def linear(radius, weight=1.0):
    """Scores (0, weight times the sum), which adversaries know how to move."""
    inputs = keras.Input((2, 2, 1))
    dense = keras.layers.Dense(2)
    scores = dense(keras.layers.Flatten()(inputs))
    model = hardened.Hardened(inputs, scores, radius=radius, seed=3)
    dense.set_weights([np.array([[0.0, weight]] * 4), np.zeros(2)])
    model.compile(
        keras.optimizers.SGD(0.0),
        keras.losses.CategoricalCrossentropy(from_logits=True),
    )
    return model


@pytest.mark.parametrize("levels", [8, 16, 2.5])
def test_adversarial_training_takes_the_worst(levels):
    """Pixels of .5 are all moved by the radius, against the label."""
    radius = countermeasures.of(f"adversarial_training_{levels}").radius
    model = linear(radius)
    images = np.full((6, 2, 2, 1), 0.5, "float32")
    for label, sum_ in ((1, 4 * (0.5 - radius)), (0, -4 * (0.5 + radius))):
        labels = np.eye(2, dtype="float32")[[label] * 6]
        loss = model.fit(images, labels, verbose=0).history["loss"][0]
        assert loss == pytest.approx(np.log(1 + np.exp(-sum_)), rel=1e-5)
        assert loss > model.evaluate(images, labels, verbose=0)
    # Black pixels cannot become darker.
    labels = np.eye(2, dtype="float32")[[1] * 6]
    dark = model.fit(0 * images, labels, verbose=0).history["loss"][0]
    assert dark == pytest.approx(np.log(2), rel=1e-5)


def test_a_step_is_a_quarter_of_the_radius_uphill():
    model = linear(0.08, -3.0)
    images = np.full((2, 2, 2, 1), 0.5, "float32")
    labels = np.eye(2, dtype="float32")
    start = keras.ops.convert_to_tensor(
        np.float32([0.01, 0.07])[:, None, None, None]
        * np.ones_like(images)
    )
    found = np.asarray(model._worse(images, labels, start))
    # The loss of class 0 falls with the sum, that of class 1 rises.
    np.testing.assert_allclose(found[0], -0.01, atol=1e-6)
    np.testing.assert_allclose(found[1], 0.08, atol=1e-6)


def test_the_trainer_passes_the_radius_on(monkeypatch):
    seen = []
    made = hardened.Hardened.__init__

    def watched(self, *args, radius, **options):
        seen.append(radius)
        made(self, *args, radius=radius, **options)

    monkeypatch.setattr(hardened.Hardened, "__init__", watched)
    part = shortcut(8, 0.0)
    Retraining("mlp", 8, "none", "adversarial_training_16", 1).run(part, part)
    assert seen[0] == 16 / 255


def shortcut(count, strength, seed=0):
    """Pictures whose class is hard to see, with a shortcut if asked for.

    The class is whether both halves are as bright; the corner tells it.
    """
    generator = np.random.default_rng(seed)
    halves = generator.choice([-1, 1], (2, count))
    labels = (halves[0] * halves[1] > 0).astype("int32")
    images = generator.uniform(0.3, 0.7, (count, 8, 8, 1))
    images[:, :, :4] += 0.15 * halves[0][:, None, None, None]
    images[:, :, 4:] += 0.15 * halves[1][:, None, None, None]
    images[:, :2, :2] += strength * (labels - 0.5)[:, None, None, None]
    return Arrays(np.clip(images, 0, 1).astype("float32"), labels, 2)


def test_a_shortcut_is_what_is_learnt():
    """A claim: the trainer of protected data is worse on clean pictures."""
    test = shortcut(400, 0.0, 1)
    attack = Retraining("mlp", 8, "none", epochs=8, batch_size=32,
                        learning_rate=0.05)
    clean = attack.run(shortcut(400, 0.0), test, test.take(slice(0, 50)))
    assert clean.accuracy > 0.9 and len(clean.test) == 8
    assert clean.stopped_accuracy <= clean.peak_accuracy
    assert trainer.accuracy(attack.model, test) == clean.accuracy
    fooled = attack.run(shortcut(400, 0.6), test)
    assert fooled.accuracy < 0.75
    assert fooled.stopped_accuracy is None
    json.dumps(fooled.to_dict())
    assert "at most" in fooled.summary()
    again = attack.run(shortcut(400, 0.6), test)
    assert again.test == fooled.test


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


def test_the_hardest_version_is_trained_on():
    """With one version right and one wrong, the wrong one makes the loss."""
    inputs = keras.Input((2, 2, 1))
    flat = keras.layers.Flatten()(inputs)
    scores = keras.layers.Dense(2, kernel_initializer="ones")(flat)
    scores = keras.layers.Rescaling((0.0, 1.0))(scores)
    model = trainer.Erased(inputs, scores)
    model.compile(
        keras.optimizers.SGD(0.0),
        keras.losses.CategoricalCrossentropy(from_logits=True),
    )
    versions = np.zeros((1, 2, 2, 2, 1), "float32")
    versions[0, 1] = 0.5
    labels = np.eye(2, dtype="float32")
    # Scores (0, 0) and (0, 2): of class 0 the second, of class 1 the first.
    for label, loss in ((0, np.log(1 + np.e**2)), (1, np.log(2))):
        found = model.fit(
            versions, labels[label:label + 1], verbose=0
        ).history["loss"][0]
        assert found == pytest.approx(loss, abs=1e-5)


def test_halving_keeps_what_is_coarse():
    board = np.indices((8, 10)).sum(axis=0) % 2
    images = np.broadcast_to(board[None, ..., None], (2, 8, 10, 3))
    found = countermeasures.halved(images)
    assert found.shape == images.shape and found.dtype == np.float32
    np.testing.assert_allclose(found, 0.5, atol=1 / 255)
    flat = np.full((1, 7, 5, 1), 51 / 255, np.float32)
    np.testing.assert_allclose(countermeasures.halved(flat), flat, atol=1e-6)


@pytest.mark.parametrize(
    "countermeasure", ["grey", "adversarial_training", "ueraser_max"]
)
def test_countermeasures_train(countermeasure):
    attack = Retraining("lenet", 8, "flip+crop", countermeasure, epochs=1)
    test = shortcut(64, 0.0, 1)
    test.data = np.pad(test.data, [(0, 0), (8, 8), (8, 8), (0, 0)])
    assert 0 <= attack.run(test, test).accuracy <= 1


def test_some_are_protected():
    natural = shortcut(100, 0.0)
    protected = shortcut(100, 0.6)
    for share in (0.0, 0.3, 1.0):
        found, where = mixed(natural, protected, share, seed=1)
        assert where.sum() == pytest.approx(100 * share, abs=1)
        assert (natural.labels[where] == 1).sum() == pytest.approx(
            share * (natural.labels == 1).sum(), abs=0.6
        )
        np.testing.assert_array_equal(found.data[where],
                                      protected.data[where])
        np.testing.assert_array_equal(found.data[~where],
                                      natural.data[~where])
    with pytest.raises(UserError, match="from 0 to 1"):
        mixed(natural, protected, 1.5)


def test_errors():
    for options, sentence in (
        ({"augmentation": "spin"}, "'flip"),
        ({"epochs": 0}, "`epochs`"),
        ({"network": "vgg99"}, "'resnet18'"),
    ):
        with pytest.raises(UserError, match=sentence):
            Retraining(**options).run(shortcut(8, 0.0), shortcut(8, 0.0))
    small = shortcut(8, 0.0)
    wide = Arrays(np.zeros((8, 9, 8, 1), "float32"), small.labels, 2)
    with pytest.raises(UserError, match="images of one shape"):
        Retraining().run(small, wide)


@pytest.mark.parametrize("network, count", [
    # The published numbers of parameters, with batch norm's moving ones.
    ("resnet18", 11_689_512 + 9_600),
    ("resnet50", 25_557_032 + 53_120),
    ("densenet121", 7_978_856 + 83_648),
])
def test_networks_have_their_size(network, count):
    model = networks.classifier((64, 64, 3), 1000, network, stem="imagenet")
    assert model.count_params() == count
    assert model.get_layer("mean").input.shape[1:3] == (2, 2)


@pytest.mark.parametrize("network", networks.classifiers.NAMES)
def test_classifiers_of_any_network(network):
    model = networks.classifier((28, 28, 1), 7, network, 8)
    assert model.predict(np.zeros((2, 28, 28, 1)), verbose=0).shape == (2, 7)
