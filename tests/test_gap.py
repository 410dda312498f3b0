"""GAP: the promises of every method, golden numbers, options."""

import harness
import keras
import numpy as np
import pytest

import kprivacy
from kprivacy.errors import UserError
from kprivacy.gap import build_adversary, build_client, build_server, rounds


def dense_model(seed=0, noise=0, heads=None, private=0, **options):
    """A small GAP on vectors of 8, of three private classes."""
    keras.utils.set_random_seed(seed)
    names = ("objective", "prior", "constraint", "budget", "bounded", "itr_d",
             "itr_g", "stiffness")
    own = {name: options.pop(name) for name in names if name in options}
    client = build_client((8,), "dense", units=(6,), code=4, noise=noise,
                          private=private, residual=True)
    critic = own.get("objective") == "total_variation"
    model = kprivacy.GAP(
        client,
        build_server(client, heads, units=(5,)),
        build_adversary(client, 3, units=(6,), critic=critic),
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
        seed, noise=3, heads={"kind": 4, "size": 1}, private=3, itr_d=2,
        itr_g=2, constraint="augmented_lagrangian", budget=0.05, **options,
    )


def dense(inputs, outputs):
    return keras.Sequential([
        keras.Input((inputs,)), keras.layers.Dense(outputs)
    ])


@pytest.fixture
def vectors():
    generator = np.random.default_rng(0)
    return (
        generator.normal(size=(60, 8)).astype("float32"),
        generator.integers(0, 3, 60),
    )


@pytest.fixture
def profiles(vectors):
    generator = np.random.default_rng(1)
    return vectors[0], {
        "private": vectors[1],
        "kind": generator.integers(0, 4, 60),
        "size": generator.normal(size=60).astype("float32"),
    }


def test_execution_modes(vectors):
    harness.check_execution_modes(dense_model, vectors)


@pytest.mark.parametrize("options", [
    {"objective": "total_variation", "prior": (0.2, 0.3, 0.5)},
    {"objective": "maximum_entropy", "prior": (0.2, 0.3, 0.5)},
    {"objective": "accuracy", "constraint": "penalty", "budget": 0.1},
    {"bounded": True, "prior": (0.2, 0.3, 0.5)},
])
def test_objectives_train(vectors, options):
    model = dense_model(**options)
    before = harness.weights(model)
    history = harness.fit(model, vectors, 2).history
    assert np.isfinite(history["loss"]).all()
    assert (harness.weights(model) != before).any()


def test_log_keys(vectors):
    harness.check_log_keys(dense_model, vectors, ["accuracy"])


def test_role_isolation(vectors):
    harness.check_role_isolation(dense_model, vectors)


def test_save_load_continue(profiles, tmp_path):
    harness.check_save_load_continue(
        whole_model, profiles, tmp_path / "m.keras"
    )


def test_interrupt_resume(profiles, tmp_path):
    harness.check_interrupt_resume(whole_model, profiles, tmp_path)


def test_two_replicas(vectors):
    harness.check_two_replicas(dense_model, vectors)


def test_two_replicas_with_everything(profiles):
    with harness.two_replicas().scope():
        model = whole_model()
    history = harness.fit(model, profiles, 2).history
    assert np.isfinite(history["loss"]).all()


def test_mixed_precision(profiles):
    harness.check_mixed_precision(whole_model, profiles)


def test_no_server_is_saved_as_none(vectors, tmp_path):
    model = dense_model()
    harness.fit(model, vectors, 1)
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    assert loaded.server is None
    np.testing.assert_array_equal(
        loaded.predict(vectors[0], verbose=0),
        model.predict(vectors[0], verbose=0),
    )


def test_hamming_is_the_share_of_flips():
    loss = kprivacy.gap.distortions.Distortion("hamming")
    one, other = np.array([[0, 1, 1, 0]]), np.array([[1, 1, 0, 0]])
    assert float(loss(one * 1.0, other * 1.0)) == pytest.approx(0.5)


def test_heads_join_the_loss(profiles):
    model = whole_model()
    x, targets = profiles
    found = model.defender_objective(x, targets, False)
    outputs = model.server(model.release(x, targets), training=False)
    assert set(outputs) == {"kind", "size"}
    assert float(found["utility_loss"]) > 0


def test_the_channel_sees_the_private_attribute_where_asked():
    client = build_client((2,), "affine", private=2, noise=1)
    shift = np.array([[1, 2], [-3, -4]], "float32")
    layer = client.get_layer("released")
    layer.set_weights([shift, np.array([[0, 0], [2, 2]], "float32")])
    model = kprivacy.GAP(client, None, build_adversary(client, 2))
    x, s = np.zeros((2000, 2), "float32"), np.arange(2000) % 2
    released = np.asarray(model.release(x, {"private": s}))
    np.testing.assert_allclose(released[::2], [[1, 2]] * 1000)
    np.testing.assert_allclose(released[1::2].mean(0), [-3, -4], atol=0.2)
    np.testing.assert_allclose(released[1::2].std(0), 2, atol=0.15)


def test_bits_are_turned_over_as_often_as_was_learnt():
    client = build_client((2,), "flips", private=2)
    # P(flip): class 0: zeros (.1, .5), ones (.5, .5); class 1: ...
    shares = np.array([[[0.1, 0.5], [0.9, 0.2]], [[0.5, 0.3], [0.4, 0.6]]])
    logits = np.log(shares / (1 - shares)).astype("float32")
    client.get_layer("released").set_weights(list(logits))
    generator = np.random.default_rng(0)
    x = generator.integers(0, 2, (20_000, 2)).astype("float32")
    s = generator.integers(0, 2, 20_000)
    model = kprivacy.GAP(client, None, build_adversary(client, 2))
    released = np.asarray(model.release(x, {"private": s}))
    assert set(np.unique(released)) == {0, 1}
    for bit in (0, 1):
        for value in (0, 1):
            for k in (0, 1):
                some = (x[:, bit] == value) & (s == k)
                flips = (released != x)[some, bit].mean()
                expected = shares[value, k, bit]
                assert flips == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("shape", [(28, 28, 1), (17, 21, 3), (20, 4)])
@pytest.mark.parametrize("network", ["autoencoder", "unet", "dense"])
def test_channels_release_what_they_take(shape, network):
    client = build_client(shape, network, filters=(4, 6), units=(8,), code=5,
                          noise=3, private=2, residual=True)
    assert client.output_shape[1:] == shape
    x = np.random.default_rng(0).random((4, *shape), np.float32)
    model = kprivacy.GAP(client, None, build_adversary(client, 2))
    released = [
        np.asarray(model([x, np.eye(2, dtype="float32")[[0, 1, 0, 1]]]))
        for _ in range(2)
    ]
    assert (released[0] != released[1]).any(), "no noise"
    if len(shape) == 3:
        assert released[0].min() >= 0 and released[0].max() <= 1


@pytest.mark.parametrize("network", ["autoencoder", "dense"])
def test_noise_on_a_bounded_code_cannot_be_undone(network):
    """However large the code becomes, its noise is a share of its range."""
    client = build_client(
        (8, 8, 1), network, filters=(4,), units=(8,), code=3, amplitude=0.5
    )
    assert client.inputs[1].shape == (None, 3)
    code = client.get_layer("code")
    code.set_weights([100 * one for one in code.get_weights()])
    x = np.random.default_rng(0).uniform(size=(50, 8, 8, 1)).astype("f4")
    seen = keras.Model(client.inputs, client.get_layer("perturbed").output)
    low, middle, high = (
        np.asarray(seen([x, np.full((50, 3), value, "f4")]))
        for value in (0.0, 0.5, 1.0)
    )
    assert np.abs(middle).max() <= 1
    np.testing.assert_allclose(high - middle, 0.5, atol=1e-6)
    np.testing.assert_allclose(middle - low, 0.5, atol=1e-6)
    with pytest.raises(UserError, match="'dense'"):
        build_client((8, 8, 1), "unet", filters=(4,), amplitude=0.5)


def test_an_adversary_may_have_a_linear_part():
    client = build_client((8, 8, 1), "autoencoder", filters=(4,), code=3)
    plain, linear = (
        build_adversary(client, 2, units=(4,), filters=(4,), linear=one)
        for one in (False, True)
    )
    assert linear.count_params() == plain.count_params() + 2 * 65
    x = np.random.default_rng(0).uniform(size=(3, 8, 8, 1)).astype("f4")
    kernel, bias = linear.get_layer("linear").get_weights()
    linear.get_layer("scores").set_weights(
        [0 * one for one in linear.get_layer("scores").get_weights()]
    )
    np.testing.assert_allclose(
        linear(x), x.reshape(3, -1) @ kernel + bias, atol=1e-5
    )


def test_rounds_have_a_mini_batch_for_each_step():
    one = np.arange(10)[:, None].astype("float32"), np.arange(10)
    other = np.arange(100, 120)[:, None], {"private": np.arange(20)}
    dataset = rounds(one, other, itr_d=3, itr_g=2, batch_size=4, count=5)
    assert int(dataset.cardinality()) == 5
    elements = list(dataset)
    (x, s), (z, targets) = elements[0]
    assert x.shape == (4, 3, 1) and z.shape == (4, 2, 1)
    np.testing.assert_array_equal(x[..., 0], s)
    np.testing.assert_array_equal(z[..., 0] - 100, targets["private"])
    every = np.concatenate([np.ravel(z) for _, (z, _) in elements])
    counts = np.bincount(every.astype(int) - 100)
    assert len(every) == 40 and (counts == 2).all()
    again = list(dataset)
    assert any((a[0][0] != b[0][0]).numpy().any()
               for a, b in zip(elements, again)), "one order for all epochs"
    dataset.next_epoch.assign(0)
    for a, b in zip(elements, dataset):
        np.testing.assert_array_equal(a[0][0], b[0][0])


def test_rounds_train_each_side_on_its_own(vectors):
    model = dense_model(itr_d=3, itr_g=2)
    still = harness.weights(model.client)
    empty = vectors[0][:1] * 0, vectors[1][:1] * 0
    dataset = rounds(vectors, empty, 3, 2, batch_size=8, count=4)
    model.optimizer.learning_rate = 0.0
    model.fit(dataset, verbose=0)
    np.testing.assert_array_equal(harness.weights(model.client), still)
    assert int(model.adversary_optimizer.iterations) == 12
    assert int(model.optimizer.iterations) == 8


def test_errors():
    client = build_client((8,), "dense")
    adversary = build_adversary(client, 3)
    with pytest.raises(UserError, match="`prior` must be given"):
        kprivacy.GAP(client, None, adversary, objective="maximum_entropy")
    with pytest.raises(UserError, match="`prior` must be 3 numbers"):
        kprivacy.GAP(client, None, adversary, bounded=True, prior=(0.5, 0.5))
    with pytest.raises(UserError, match="`budget` is the distortion"):
        kprivacy.GAP(client, None, adversary, constraint="penalty")
    with pytest.raises(UserError, match="must release data of the same"):
        kprivacy.GAP(dense(1, 3), None, dense(3, 1))
    with pytest.raises(UserError, match="takes data of 1 dimensions"):
        build_client((28, 28, 1), "affine")
    with pytest.raises(UserError, match="takes data of 2 or 3"):
        build_client((8,), "unet")
    with pytest.raises(UserError, match="takes images or signals"):
        build_adversary(client, 2, "convolutional")
    model = dense_model()
    with pytest.raises(UserError, match="under 'private'"):
        model.test_step((np.zeros((2, 8)), {"kind": np.zeros(2)}))
    with pytest.raises(UserError, match="GAP trains on pairs"):
        model.test_step(np.zeros((2, 8)))


def test_temperature_falls_from_epoch_to_epoch(vectors):
    model = dense_model(objective="accuracy")
    seen = []
    watch = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: (
        seen.append(float(model._temperature_now.variable))
    ))
    schedule = kprivacy.callbacks.Temperature(1.0, 0.25, 3)
    harness.fit(model, vectors, 4, callbacks=[schedule, watch])
    np.testing.assert_allclose(seen, [1, 0.5, 0.25, 0.25], rtol=1e-6)
