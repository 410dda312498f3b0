"""What the unauthorised trainer does against a protection."""

import keras
import numpy as np
import pytest
from test_retraining import shortcut

from kprivacy.attacks import Retraining
from kprivacy.attacks.retraining import (
    countermeasures,
    eraser,
    hardened,
    trainer,
)
from kprivacy.baselines.emn import error_minimising
from kprivacy.errors import UserError


@pytest.fixture
def images():
    """Noise of all levels."""
    pixels = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3))
    return (pixels / 255).astype("float32")


@pytest.mark.parametrize("name", [
    "grey", "jpeg_75", "jpeg_10", "bits_2", "blur", "halved", "grey+jpeg_10",
    "jpeg_1", "jpeg_100", "bits_3", "blur_0.5", "halved+grey+bits_5",
])
def test_countermeasures(images, name):
    found = countermeasures.of(name).see(images)
    assert found.shape == images.shape and found.dtype == np.float32
    np.testing.assert_allclose(found * 255, np.rint(found * 255), atol=1e-4)
    assert (found != images).any()
    if name == "grey":
        assert (found == found[..., :1]).all()
    if name.endswith(("bits_2", "bits_3")):
        assert len(np.unique(found)) == 2 ** int(name[-1])


def test_countermeasures_have_numbers(images):
    """Names without any are what they were; numbers are what they say."""
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


@pytest.mark.parametrize("name, kind, levels, steps", [
    ("adversarial_training", "adversarial_training", 8, 10),
    ("adversarial_training_16", "adversarial_training", 16, 10),
    ("adversarial_training_2.5", "adversarial_training", 2.5, 10),
    ("adversarial_training_2.5_3", "adversarial_training", 2.5, 3),
    ("ueraser_max", "ueraser_max", 8, 10),
    ("ueraser_lite", None, 8, 10),
    ("grey+adversarial_training_4", "adversarial_training", 4, 10),
    ("jpeg_50", None, 8, 10),
    (None, None, 8, 10),
])
def test_kinds_of_training(name, kind, levels, steps):
    found = countermeasures.of(name)
    assert found.kind == kind
    assert found.radius == levels / 255
    assert found.steps == steps
    plain = name is None or name.startswith(("adversarial", "ueraser"))
    assert (found.see is None) == plain
    erased = name in ("ueraser_lite", "ueraser_max")
    assert found.augment is (eraser.ueraser if erased else None)


@pytest.mark.parametrize("name", [
    "", "wash", "jpeg", "jpeg_0", "jpeg_101", "jpeg_-3", "jpeg_7.5",
    "bits_0", "bits_9", "bits", "blur_0", "blur_101", "blur_-1", "blur_x",
    "blur_nan", "grey_2", "halved_2", "adversarial_training_0",
    "adversarial_training_256", "adversarial_training_8_0",
    "adversarial_training_8_101", "adversarial_training_8_2.5",
    "adversarial_training__3", "ueraser_max_2", "grey+", "grey+wash",
    "ueraser_max+adversarial_training", "Grey", 3, ("grey",),
])
def test_other_countermeasures_are_refused(name):
    with pytest.raises(UserError) as found:
        Retraining(countermeasure=name)
    for part in ('"jpeg_Q" with Q from 1 to 100', f"countermeasure={name!r}"):
        assert part in str(found.value)


@pytest.mark.parametrize("augmentation", ["mixup", "cutmix"])
def test_ueraser_does_not_mix(augmentation):
    with pytest.raises(UserError, match="that does not mix"):
        Retraining("mlp", 8, augmentation, "grey+ueraser_max")
    Retraining("mlp", 8, augmentation, "grey+ueraser_lite")


def test_halving_keeps_what_is_coarse():
    board = np.indices((8, 10)).sum(axis=0) % 2
    images = np.broadcast_to(board[None, ..., None], (2, 8, 10, 3))
    found = countermeasures.halved(images)
    assert found.shape == images.shape and found.dtype == np.float32
    np.testing.assert_allclose(found, 0.5, atol=1 / 255)
    flat = np.full((1, 7, 5, 1), 51 / 255, np.float32)
    np.testing.assert_allclose(countermeasures.halved(flat), flat, atol=1e-6)


def linear(radius, weight=1.0, **options):
    """Scores (0, weight times the sum), which adversaries know how to move."""
    inputs = keras.Input((2, 2, 1))
    dense = keras.layers.Dense(2)
    scores = dense(keras.layers.Flatten()(inputs))
    model = hardened.Hardened(
        inputs, scores, radius=radius, seed=3, **options
    )
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
    # Of four steps each is larger, as far as the radius lets it.
    four = linear(0.08, -3.0, steps=4)
    found = np.asarray(four._worse(images, labels, start))
    np.testing.assert_allclose(found[0], 0.01 - 0.05, atol=1e-6)
    np.testing.assert_allclose(found[1], 0.08, atol=1e-6)
    # The search stays among pictures.
    light = images + 0.48
    found = np.asarray(model._worse(light, labels, start))
    np.testing.assert_allclose(found[1], 0.02, atol=1e-6)


def test_radius_and_steps_are_saved(tmp_path):
    linear(0.08, steps=3).save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again) is hardened.Hardened
    assert (again._radius, again._steps) == (0.08, 3)


def test_the_trainer_passes_radius_and_steps_on(monkeypatch):
    seen = []
    made = hardened.Hardened.__init__

    def watched(self, *args, radius, steps, **options):
        seen.append((radius, steps))
        made(self, *args, radius=radius, steps=steps, **options)

    monkeypatch.setattr(hardened.Hardened, "__init__", watched)
    part = shortcut(8, 0.0)
    Retraining(
        "mlp", 8, "none", "adversarial_training_16_2", 1
    ).run(part, part)
    assert seen[0] == (16 / 255, 2)


def test_half_precision_is_refused():
    """Gradients in pictures would be 0 there, and nothing would be said."""
    part = shortcut(8, 0.0)
    attack = Retraining("mlp", 8, "none", "adversarial_training", 1)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        with pytest.raises(UserError, match="Adversarial.*'mixed_float16'"):
            attack.run(part, part)
        with pytest.raises(UserError, match="Error-minimising.*bfloat16"):
            error_minimising(part)
    finally:
        keras.config.set_dtype_policy("float32")


def test_the_hardest_version_is_trained_on():
    """With one version right and one wrong, the wrong one makes the loss."""
    inputs = keras.Input((2, 2, 1))
    flat = keras.layers.Flatten()(inputs)
    scores = keras.layers.Dense(2, kernel_initializer="ones")(flat)
    scores = keras.layers.Rescaling((0.0, 1.0))(scores)
    model = hardened.Erased(inputs, scores)
    model.compile(keras.optimizers.SGD(0.0))
    versions = np.zeros((1, 2, 2, 2, 1), "float32")
    versions[0, 1] = 0.5
    labels = np.eye(2, dtype="float32")
    # Scores (0, 0) and (0, 2): of class 0 the second, of class 1 the first.
    for label, loss in ((0, np.log(1 + np.e**2)), (1, np.log(2))):
        found = model.fit(
            versions, labels[label:label + 1], verbose=0
        ).history["loss"][0]
        assert found == pytest.approx(loss, abs=1e-5)
    # Of single images, which say nothing of versions, the mean.
    model.make_train_function(force=True)
    both = model.fit(versions[0], labels[[0, 0]], verbose=0).history["loss"][0]
    assert both == pytest.approx(
        (np.log(2) + np.log(1 + np.e**2)) / 2, abs=1e-5
    )


def test_all_versions_are_seen_in_training():
    """Batch norm has the statistics of all, not of the hardest alone."""
    inputs = keras.Input((2, 2, 1))
    normed = keras.layers.BatchNormalization(momentum=0.0)(inputs)
    flat = keras.layers.Flatten()(normed)
    model = hardened.Erased(inputs, keras.layers.Dense(2)(flat))
    model.compile(keras.optimizers.SGD(0.0))
    versions = np.zeros((1, 5, 2, 2, 1), "float32")
    versions[0, 4] = 1.0
    model.fit(versions, np.float32([[1, 0]]), verbose=0)
    norm = model.layers[1]
    assert float(norm.moving_mean[0]) == pytest.approx(0.2)


@pytest.mark.parametrize("epochs, hard", [(1, 1), (2, 1), (7, 2)])
def test_versions_are_of_the_first_epochs(epochs, hard):
    """30 % of them, as 60 of the reference's 200."""
    drawn = []

    def augment(images, labels, generator):
        drawn.append(generator)
        return images, labels

    part = shortcut(8, 0.0)
    _, history = trainer.train(
        part, {"test": part}, augment, "mlp", 8, epochs=epochs,
        batch_size=8, kind="ueraser_max",
    )
    assert len(history["test"]) == epochs
    # Of each epoch's one batch, and of a first one that says its shape.
    once = epochs - hard + (epochs > hard)
    assert len(drawn) == 5 * (hard + 1) + once


@pytest.mark.parametrize(
    "countermeasure",
    ["grey", "adversarial_training", "ueraser_lite", "ueraser_max"],
)
def test_countermeasures_train(monkeypatch, countermeasure):
    """Each trains on something else than who does nothing."""
    attack, plain = (
        Retraining("lenet", 8, "none", one, epochs=1)
        for one in (countermeasure, None)
    )
    test = shortcut(64, 0.0, 1)
    data = np.pad(test.data, [(0, 0), (8, 8), (8, 8), (0, 0)])
    test.data = data * np.float32([1, 0.5, 0])
    found, other = attack.run(test, test), plain.run(test, test)
    # A classifier like any other is handed on.
    assert type(attack.model) is type(plain.model)
    assert found.train_loss != other.train_loss
    if countermeasure not in ("grey", "ueraser_lite"):
        assert found.train_loss > other.train_loss
    if countermeasure == "ueraser_max":
        monkeypatch.setattr(hardened.Erased, "VERSIONS", 1)
        assert attack.run(test, test).train_loss < found.train_loss
    if countermeasure == "grey":
        test.data = countermeasures.grey(test.data)
        assert plain.run(test, test).train_loss == found.train_loss
