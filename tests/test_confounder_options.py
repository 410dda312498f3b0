"""What is added to ConfounderGAN: moves, washing, surrogates, guides."""

import harness
import keras
import numpy as np
import pytest
import tensorflow as tf
from test_confounder_gan import SHAPE, small_model

import kprivacy
from kprivacy import networks
from kprivacy.confounder_gan import (
    SurrogateConfounderGAN,
    build_adversary,
    build_client,
)
from kprivacy.confounder_gan.client import ClassPatterns
from kprivacy.confounder_gan.moves import moved, washed
from kprivacy.confounder_gan.pretraining import LabelPretraining
from kprivacy.errors import UserError


def test_noise_is_moved_as_pictures_are():
    noise = np.zeros((400, 8, 6, 1), "float32")
    noise[:, 3, 1] = 1.0
    generator = keras.random.SeedGenerator(0)
    found = np.array(moved(noise, 0.25, 0.0, generator))[..., 0]
    rows, columns = np.unravel_index(
        found.reshape(400, -1).argmax(axis=1), (8, 6)
    )
    there = found.max(axis=(1, 2)) == 1
    # Two pixels each way in a height of 8; 1.5, rounded, in a width of 6.
    assert set(rows[there]) == {1, 2, 3, 4, 5}
    assert set(columns[there]) <= set(range(6))
    turned = (columns[there] > 2).mean()
    assert 0.4 < turned < 0.6
    covered = np.array(moved(np.ones_like(noise), 0, 0.5, generator))
    whole = covered.min(axis=(1, 2, 3)) == 1
    assert 0.4 < whole.mean() < 0.6
    assert 0.6 < covered[~whole].mean() < 0.95


def test_noise_is_washed_as_pictures_are():
    generator = keras.random.SeedGenerator(0)
    noise = np.zeros((400, 6, 5, 3), "float32")
    noise[:, 2, 2, 0] = 0.9
    kept = washed(noise, 0.0, 0.0, generator)
    np.testing.assert_array_equal(kept, noise)
    grey = np.array(washed(noise, 0.5, 0.0, generator))[:, 2, 2]
    told = grey[:, 1] > 0
    assert 0.4 < told.mean() < 0.6
    np.testing.assert_allclose(grey[told], 0.9 * 0.299, rtol=1e-6)
    np.testing.assert_array_equal(grey[~told], noise[~told, 2, 2])
    spread = np.array(washed(noise, 0.0, 0.5, generator))[..., 0]
    told = spread[:, 1, 1] > 0
    assert 0.4 < told.mean() < 0.6
    np.testing.assert_allclose(spread[told][:, 1:4, 1:4], 0.1, rtol=1e-6)
    # Two channels have no luminance.
    both = washed(noise[..., :2], 1.0, 0.0, generator)
    np.testing.assert_array_equal(both, noise[..., :2])


def surrogate_model(seed=0, network="residual", classifiers=0, **options):
    """A small model with a surrogate, and no fixed classifier by default."""
    keras.utils.set_random_seed(seed)
    client = build_client(SHAPE, network, (3, 4, 5), blocks=1, bound=0.4)
    own = {"shift": 0.2, "confounder_weight": float(classifiers > 0),
           "hinge_weight": 0.0}
    model = SurrogateConfounderGAN(
        client,
        build_adversary(client, (3, 4)),
        [networks.classifier(SHAPE, 3, "mlp", 8) for _ in range(classifiers)],
        networks.classifier(SHAPE, 3, "mlp", 8),
        seed=seed,
        **own,
    )
    model.compile(
        keras.optimizers.Adam(1e-2),
        keras.optimizers.Adam(2e-3),
        surrogate_optimizer=keras.optimizers.Adam(3e-3),
        metrics=["accuracy"],
        **options,
    )
    return model


@pytest.mark.parametrize("classifiers", [0, 1])
def test_a_surrogate_learns_what_is_protected(pictures, classifiers, tmp_path):
    """A claim: the generator helps it, and all is saved."""
    images, labels = pictures
    model = surrogate_model(classifiers=classifiers)
    before = [one.numpy() for one in model.surrogate.weights]
    model.fit(images, labels, epochs=60, batch_size=16, verbose=0)
    assert any((one.numpy() != old).any()
               for one, old in zip(model.surrogate.weights, before))
    found = model.evaluate(images, labels, verbose=0, return_dict=True)
    natural = model.class_loss(labels, model.surrogate(images))
    assert found["surrogate_loss"] < 0.8 * natural
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.surrogate(images),
                               model.surrogate(images), atol=1e-6)
    assert again.confounder_weight == float(classifiers > 0)
    again.fit(images, labels, epochs=1, verbose=0)


def test_a_surrogate_s_errors(pictures):
    client = build_client((None, None, 2), filters=(3, 4))
    adversary = build_adversary(client, (3, 4))
    fits, wide = (networks.classifier((9, width, 2), 3, "mlp", 8)
                  for width in (7, 8))
    # f has a weight, but there is none.
    with pytest.raises(UserError, match="`classifiers` must have one"):
        SurrogateConfounderGAN(client, adversary, [], fits)
    grey = networks.classifier((9, 7, 1), 3, "mlp", 8)
    with pytest.raises(UserError, match=r"\(None, None, 2\).*\(9, 7, 1\)"):
        SurrogateConfounderGAN(client, adversary, [fits], grey)
    model = SurrogateConfounderGAN(client, adversary, [fits], wide)
    model.compile("adam", "adam", surrogate_optimizer="adam")
    with pytest.raises(UserError, match=r"\(9, 7, 2\).*\(9, 8, 2\)"):
        model.fit(*pictures, verbose=0)


def test_a_surrogate_interrupted(pictures, tmp_path):
    harness.check_interrupt_resume(surrogate_model, pictures, tmp_path)


def test_the_way_down_learns_labels_first(pictures):
    """A claim: its smallest maps tell the classes, and nothing else moved."""
    images, labels = pictures
    images = images / 2 + (labels / 4)[:, None, None, None].astype("f4")
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).batch(8)
    model = small_model(network="unet")
    before = {one.path: one.numpy() for one in model.client.weights}
    callback = LabelPretraining(dataset, 3, 20, 1e-2)
    callback.set_model(model)
    callback.on_epoch_begin(1)
    assert all(np.array_equal(one.numpy(), before[one.path])
               for one in model.client.weights)
    callback.on_epoch_begin(0)
    moved = {one.path.split("/")[-2] for one in model.client.trainable_weights
             if not np.array_equal(one.numpy(), before[one.path])}
    assert moved and all(name.startswith("down_") for name in moved)
    maps = keras.Model(
        model.client.inputs[0], model.client.get_layer("up_conv1").input
    )
    means = np.asarray(maps(images)).mean(axis=(1, 2))
    centres = np.stack([means[labels == i].mean(axis=0) for i in range(3)])
    nearest = ((means[:, None] - centres) ** 2).sum(axis=-1).argmin(axis=1)
    assert np.mean(nearest == labels) > 0.8


def test_a_guide_tells_the_generator_the_class(pictures):
    keras.utils.set_random_seed(0)
    guide = networks.classifier(SHAPE, 3, "mlp", 8)
    client = build_client((None, None, 2), filters=(3, 4), guide=guide)
    # Inside is a copy, and the one that was given is as it was.
    assert guide.trainable and guide.trainable_variables
    inside = client.get_layer(guide.name)
    assert inside is not guide and not inside.trainable_variables
    held = inside.get_weights()
    for now, then in zip(held, guide.get_weights()):
        np.testing.assert_array_equal(now, then)
    logits = inside.layers[-1]
    x = np.full((1, 20, 13, 2), 0.5, np.float32)
    sent = []
    for i in range(3):
        logits.bias.assign(100.0 * np.eye(3)[i])
        sent.append(client.predict(x, verbose=0))
    assert sent[0].shape == x.shape
    assert all((one != sent[0]).any() for one in sent[1:])
    held = client.get_weights()
    client(x)
    for now, then in zip(client.get_weights(), held):
        np.testing.assert_array_equal(now, then)
    model = kprivacy.ConfounderGAN(
        client, build_adversary(client, (3, 4)),
        [networks.classifier(SHAPE, 3, "mlp", 8)],
    )
    model.compile("adam", "adam")
    before = inside.get_weights()
    harness.fit(model, pictures, 1)
    for now, then in zip(inside.get_weights(), before):
        np.testing.assert_array_equal(now, then)
    with pytest.raises(UserError, match="network with a guide"):
        build_client(SHAPE, "residual", (3, 4, 5), guide=guide)


def test_a_guide_drops_nothing_while_the_generator_learns():
    inputs = keras.Input(SHAPE)
    x = keras.layers.Dropout(0.5)(keras.layers.Flatten()(inputs))
    guide = keras.Model(inputs, keras.layers.Dense(3)(x))
    client = build_client(SHAPE, filters=(3, 4), guide=guide)
    told = keras.Model(client.inputs[0], client.get_layer("told").output)
    x = np.random.default_rng(0).random((4, *SHAPE), dtype="float32")
    np.testing.assert_array_equal(told(x, training=True), told(x))


def test_f_sees_noise_as_a_picture_about_grey():
    model = small_model(classifiers=2, contrast=8.0)
    random = np.random.default_rng(0)
    noise = random.uniform(-0.06, 0.06, (6, *SHAPE)).astype("float32")
    labels = np.arange(6) % 3
    model.build((None, *SHAPE))
    for training in (False, True):
        loss, scores = model.confounder(noise, noise, labels, training)
        seen = [one(0.5 + 8 * noise) for one in model.classifiers]
        np.testing.assert_allclose(scores, seen[0], rtol=1e-6)
        expected = np.mean([model.class_loss(labels, one) for one in seen])
        np.testing.assert_allclose(loss, expected, rtol=1e-6)
    plain = small_model(classifiers=2)
    plain.build((None, *SHAPE))
    _, scores = plain.confounder(noise, noise, labels, True)
    np.testing.assert_allclose(scores, plain.classifiers[0](noise), rtol=1e-6)
    with pytest.raises(UserError, match="`contrast` must be"):
        small_model(contrast=-1.0)


@pytest.mark.parametrize("option", ["shift", "hidden", "grey", "blurred"])
def test_shares_are_shares(option):
    client = build_client(SHAPE, filters=(3, 4))
    with pytest.raises(UserError, match=f"`{option}` must be a number in"):
        kprivacy.ConfounderGAN(
            client, build_adversary(client, (3, 4)),
            networks.classifier(SHAPE, 3, "mlp", 8), **{option: 4},
        )


def test_patterns_are_repeated_and_weighted():
    layer = ClassPatterns(3, cell=2)
    told = np.array([[1, 0], [0, 1], [0.5, 0.5]], np.float32)
    found = np.asarray(layer([np.ones((3, 7, 8, 2), np.float32), told]))
    squares = layer.gain * layer.squares.numpy()
    np.testing.assert_allclose(np.abs(squares), 1, rtol=1e-6)
    assert abs(squares.mean()) < 0.7
    for y in range(7):
        for x in range(8):
            expected = 1 + squares[:, y // 2 % 3, x // 2 % 3]
            np.testing.assert_allclose(
                found[:2, y, x], expected, rtol=1e-5
            )
            np.testing.assert_allclose(
                found[2, y, x], expected.mean(axis=0), rtol=1e-5
            )


def test_a_generator_learns_patterns(pictures, tmp_path):
    guide = networks.classifier(SHAPE, 3, "mlp", 8)
    client = build_client(SHAPE, filters=(3, 4), guide=guide, pattern=2)
    model = kprivacy.ConfounderGAN(
        client, build_adversary(client, (3, 4)),
        [networks.classifier(SHAPE, 3, "mlp", 8)],
    )
    model.compile("adam", "adam")
    squares = client.get_layer("patterns").squares
    before = squares.numpy()
    harness.fit(model, pictures, 1)
    assert (squares.numpy() != before).any()
    client.save(tmp_path / "client.keras")
    loaded = keras.saving.load_model(tmp_path / "client.keras")
    np.testing.assert_array_equal(
        *(one.predict(pictures[0], verbose=0) for one in (client, loaded))
    )
    with pytest.raises(UserError, match="`pattern` needs a `guide`"):
        build_client(SHAPE, filters=(3, 4), pattern=2)
