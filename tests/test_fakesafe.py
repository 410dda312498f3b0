"""FakeSafe: the promises of every method, golden numbers, options, keys."""

import harness
import keras
import numpy as np
import pytest
import tensorflow as tf

import kprivacy
from kprivacy.errors import UserError
from kprivacy.fakesafe import build_adversary, build_client, build_server


def dense_model(seed=0, norm=False, dropout=0.0, key=False, **options):
    """A small FakeSafe from vectors of 8 to vectors of 5."""
    keras.utils.set_random_seed(seed)
    names = ("channel_noise", "pool_size", "code_weight")
    own = {name: options.pop(name) for name in names if name in options}
    code = {"code": 4, "key": True} if key else {}
    parts = {"units": (6,), "normalise": norm, "dropout": dropout, **code}
    client = build_client((8,), (5,), **parts)
    model = kprivacy.FakeSafe(
        client,
        build_server(client, **parts),
        build_adversary(client, units=(6,), dropout=dropout),
        seed=seed,
        **own,
    )
    model.compile(
        keras.optimizers.Adam(1e-2),
        keras.optimizers.Adam(2e-2),
        metrics=["accuracy"],
        **options,
    )
    return model


def whole_model(seed=0, **options):
    """With everything that has a state to lose."""
    return dense_model(
        seed, norm=True, dropout=0.2, key=True, channel_noise=0.1,
        pool_size=24, code_weight=0.5, **options,
    )


@pytest.fixture
def vectors():
    generator = np.random.default_rng(0)
    return (
        generator.normal(size=(60, 8)).astype("float32"),
        generator.normal(size=(60, 5)).astype("float32"),
    )


def test_execution_modes(vectors):
    # Without anything random: XLA draws other numbers than the graph.
    harness.check_execution_modes(dense_model, vectors)


def test_the_whole_of_it_compiles(vectors):
    model = whole_model(jit_compile=True)
    before = harness.weights(model)
    harness.fit(model, vectors, 1)
    assert np.isfinite(harness.weights(model)).all()
    assert (harness.weights(model) != before).any()


def test_optimizers_are_the_papers_unless_given():
    model = dense_model()
    model.compile(adversary_optimizer="sgd")
    assert float(model.optimizer.learning_rate) == pytest.approx(2e-4)
    assert type(model.adversary_optimizer) is keras.optimizers.SGD


def test_log_keys(vectors):
    harness.check_log_keys(dense_model, vectors, ["accuracy"])


def test_role_isolation(vectors):
    harness.check_role_isolation(whole_model, vectors)


def test_save_load_continue(vectors, tmp_path):
    harness.check_save_load_continue(
        whole_model, vectors, tmp_path / "m.keras"
    )


def test_interrupt_resume(vectors, tmp_path):
    harness.check_interrupt_resume(whole_model, vectors, tmp_path)


def test_two_replicas(vectors):
    harness.check_two_replicas(dense_model, vectors)


def test_two_replicas_with_all_options(vectors):
    with harness.two_replicas().scope():
        model = whole_model()
    harness.fit(model, vectors, 1)
    assert np.isfinite(harness.weights(model)).all()
    # 4 batches, 8 or 6 examples a replica, into 24 places.
    np.testing.assert_array_equal(model.pool.filled.numpy(), 1)


def test_mixed_precision(vectors):
    harness.check_mixed_precision(whole_model, vectors)


def scalar_model(**options):
    """F(x) = 2 x, R(f) = f / 4, D(f) = f / 2, on vectors of one number."""

    def linear(name, weight):
        layer = keras.layers.Dense(1, use_bias=False)
        model = keras.Sequential([keras.Input((1,)), layer], name=name)
        layer.set_weights([np.array([[weight]], "float32")])
        return model

    model = kprivacy.FakeSafe(
        linear("client", 2.0), linear("server", 0.25),
        linear("adversary", 0.5), **options,
    )
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    return model


X, Y = np.ones((1, 1), "float32"), np.full((1, 1), 3, "float32")


def test_objectives_by_hand():
    # X = 1, Y = 3: F(X) = 2, D(F(X)) = 1, D(Y) = 1.5, R(F(X)) = 0.5.
    # D: ((1.5 - 1)^2 + 1^2) / 2 = 0.625.
    # F and R: (1 - 1)^2 + 4 |0.5 - 1| = 2.
    model = scalar_model(cycle_weight=4.0)
    found = model.adversary_objective(model.disguise(X), Y, training=False)
    assert float(found["loss"]) == pytest.approx(0.625)
    found = model.defender_objective(X, Y, training=False)
    assert float(found["cycle_loss"]) == pytest.approx(0.5)
    assert float(found["adversarial_loss"]) == pytest.approx(0, abs=1e-7)
    assert float(found["loss"]) == pytest.approx(2)


def test_one_step_by_hand():
    # D first: its slope is (1.5 - 1) 3 + 1 * 2 = 3.5, d = 0.5 - 0.35 = 0.15.
    # Then D(F(X)) = 0.3: (0.3 - 1)^2 = 0.49, the cycle 0.5, c = 10: 5.49.
    # w: 2 (0.3 - 1) 0.15 + 10 (-1) 0.25 = -2.71, w = 2.271.
    # r: 10 (-1) 2 = -20, r = 0.25 + 2 = 2.25.
    model = scalar_model()
    logs = model.train_step((tf.constant(X), tf.constant(Y)))
    roles = (model.client, model.server, model.adversary)
    weights = [float(part.get_weights()[0][0, 0]) for part in roles]
    assert weights == pytest.approx([2.271, 2.25, 0.15], abs=1e-5)
    expected = {
        "loss": 5.49, "cycle_loss": 0.5, "adversarial_loss": 0.49,
        "adversary_loss": 0.625,
    }
    assert {k: float(v) for k, v in logs.items()} == pytest.approx(expected)


def test_identity_weight():
    # |F(Y) - Y| = |6 - 3|, twice, beside 10 * 0.5.
    model = scalar_model(identity_weight=2.0)
    found = model.defender_objective(X, Y, training=False)
    assert float(found["loss"]) == pytest.approx(11)


def test_code_weight(vectors):
    source, target = vectors
    plain, weighted = (
        dense_model(key=True, code_weight=w) for w in (0.0, 0.5)
    )
    inputs = plain.client_inputs(tf.constant(source))
    sent = tap(plain.client, "mask")(inputs)
    read = tap(plain.server, "code")([plain.disguise(inputs), inputs[1]])
    error = np.mean((np.asarray(sent) - np.asarray(read)) ** 2)
    assert error > 0.1
    first, second = (
        float(model.defender_objective(inputs, target, False)["loss"])
        for model in (plain, weighted)
    )
    assert second - first == pytest.approx(0.5 * error, rel=1e-4)


def image_model(**options):
    """Images of 8 x 8 x 1 that are halved and doubled again."""

    def scaled(name, factor):
        images = keras.Input((8, 8, 1), name="source")
        return keras.Model(images, keras.layers.Rescaling(factor)(images),
                           name=name)

    judge = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    return kprivacy.FakeSafe(
        scaled("client", 0.5), scaled("server", 2.0), judge, seed=0, **options
    )


def test_images_are_rounded_and_vectors_are_not():
    images = np.random.default_rng(0).random((50, 8, 8, 1), np.float32)
    model = image_model()
    fakes = np.asarray(model.disguise(images))
    np.testing.assert_array_equal(
        fakes, np.round(images / 2 * 255) / np.float32(255)
    )
    assert (model.quantize, model.channel_noise) == (True, 0.02)
    free = np.asarray(image_model(quantize=False).disguise(images))
    np.testing.assert_array_equal(free, images / 2)
    assert (scalar_model().quantize, scalar_model().channel_noise) == (
        False, 0.0
    )


@pytest.mark.parametrize("noise", [None, 0.1, 0.0])
def test_noise_on_the_way_in_training_alone(noise):
    model = image_model(channel_noise=noise)
    fakes = np.full((100, 8, 8, 1), 0.5, np.float32)
    still = np.asarray(model.recover(fakes, fakes, training=False))
    np.testing.assert_array_equal(still, 2 * fakes)
    moved = np.asarray(model.recover(fakes, fakes, training=True)) / 2 - fakes
    expected = 0.02 if noise is None else noise
    assert moved.std() == pytest.approx(expected, rel=0.03)
    assert abs(moved.mean()) <= 5 * expected / np.sqrt(moved.size)


def test_d_sees_the_pool(vectors):
    model = dense_model(pool_size=16)
    assert not np.asarray(model.pool.fakes).any()
    harness.fit(model, vectors, 1)
    assert np.asarray(model.pool.fakes).any(axis=1).all()


def tap(model, layer):
    """What a layer gives."""
    return keras.Model(model.inputs, model.get_layer(layer).output)


def test_keys_are_fresh_fair_bits(vectors):
    model = dense_model(key=True)
    drawn = [
        np.asarray(model.client_inputs(np.zeros((2000, 8), "float32"))[1])
        for _ in range(2)
    ]
    assert drawn[0].shape == (2000, 4) and set(drawn[0].ravel()) == {0.0, 1.0}
    # Standard deviations .011 of a bit's mean, .0056 of the agreement.
    np.testing.assert_allclose(drawn[0].mean(0), 0.5, atol=0.05)
    assert np.mean(drawn[0] == drawn[1]) == pytest.approx(0.5, abs=0.03)


def test_a_pad_flips_exactly_its_signs(vectors):
    model = dense_model(key=True)
    key = np.random.default_rng(1).integers(0, 2, (60, 4)).astype("float32")
    code = np.asarray(tap(model.client, "code")([vectors[0], key]))
    assert set(code.ravel()) == {-1.0, 1.0}
    masked = np.asarray(tap(model.client, "mask")([vectors[0], key]))
    np.testing.assert_array_equal(masked, np.where(key == 1, -code, code))
    fakes = np.asarray(model.client([vectors[0], key]))
    read = np.asarray(tap(model.server, "code")([fakes, key]))
    turned = np.asarray(tap(model.server, "mask")([fakes, key]))
    np.testing.assert_array_equal(turned, np.where(key == 1, -read, read))


@pytest.mark.parametrize("shape, network", [
    ((8,), "mlp"), ((8, 8, 1), "convolutional")
])
def test_under_a_uniform_pad_the_fake_tells_nothing(shape, network):
    """Under all 8 pads any two messages have the same 8 fakes."""
    keras.utils.set_random_seed(0)
    client = build_client(shape, shape, network=network, units=(6,),
                          filters=(3, 2), code=3, key=True)
    pads = np.array([[i >> 2 & 1, i >> 1 & 1, i & 1] for i in range(8)])
    messages = np.random.default_rng(0).normal(size=(2, *shape))
    codes, fakes = [], []
    for one in messages.astype("float32"):
        inputs = [np.repeat(one[None], 8, 0), pads.astype("float32")]
        bits = np.asarray(tap(client, "code")(inputs)) < 0
        codes.append(bits[0])
        found = np.asarray(client(inputs)).reshape(8, -1)
        fakes.append(found[np.lexsort((bits ^ pads.astype(bool)).T)])
    assert (codes[0] != codes[1]).any()
    np.testing.assert_array_equal(fakes[0], fakes[1])
    assert len(np.unique(fakes[0], axis=0)) == 8


CODED = {"units": (6,), "code": 4}


@pytest.mark.parametrize("server, options, sentence", [
    ({}, {"identity_weight": 1.0}, "needs a source and a fake of one shape"),
    ({}, {"code_weight": 1.0}, "for a client without one"),
    ({}, {"pool_size": -1}, "`pool_size` must be an integer of at least 0"),
    ({**CODED, "key": True}, {}, "must take the same key or none"),
])
def test_errors_say_what_to_do(server, options, sentence):
    client = build_client((8,), (5,), units=(6,))
    parts = build_server(client, **server), build_adversary(client, units=(6,))
    with pytest.raises(UserError, match=sentence):
        kprivacy.FakeSafe(client, *parts, **options)


def test_roles_must_fit():
    client = build_client((8,), (5,), **CODED)
    plain = build_server(client, units=(6,))
    judge = build_adversary(client, units=(6,))
    with pytest.raises(UserError, match="for a server without one"):
        kprivacy.FakeSafe(client, plain, judge, code_weight=1.0)
    with pytest.raises(UserError, match=r"recover the source, shape \(8,\)"):
        kprivacy.FakeSafe(client, judge, judge)
    other = build_client((8,), (6,), units=(6,))
    with pytest.raises(UserError, match="must take what the client sends"):
        kprivacy.FakeSafe(client, build_server(other, units=(6,)), judge)


def test_single_examples_are_refused(vectors):
    with pytest.raises(UserError, match="trains on pairs"):
        dense_model().fit(vectors[0], verbose=0)
