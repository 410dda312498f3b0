"""RAN: the promises of every method, golden numbers, claims."""

import harness
import keras
import numpy as np
import pytest

import kprivacy
from kprivacy.errors import UserError
from kprivacy.ran import RAN, build_adversary, build_client, build_server


def dense_model(seed=0, norm=False, dropout=0.3, noise=False, **options):
    """A small RAN on vectors, with everything that has a state to lose."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((8,), name="signal")
    x = keras.layers.Dense(6, activation="tanh")(inputs)
    if norm:
        x = keras.layers.BatchNormalization()(x)
    if dropout:
        x = keras.layers.Dropout(dropout, seed=3)(x)
    if noise:
        noise_input = keras.Input((6,), name="noise")
        x = kprivacy.layers.AddUniformNoise(0.1)([x, noise_input])
        inputs = [inputs, noise_input]
    client = keras.Model(inputs, x)
    server = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(3, dtype="float32")]
    )
    adversary = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(8, dtype="float32")]
    )
    model = RAN(client, server, adversary, seed=seed, inner_steps=2,
                bounded=False)
    model.compile(
        keras.optimizers.Adam(1e-2),
        keras.optimizers.Adam(2e-2),
        metrics=["accuracy"],
        **options,
    )
    return model


@pytest.fixture
def vectors():
    generator = np.random.default_rng(0)
    return (
        generator.normal(size=(60, 8)).astype("float32"),
        generator.integers(0, 3, 60),
    )


def test_execution_modes(vectors):
    # Without dropout: XLA draws other random numbers than the graph.
    harness.check_execution_modes(
        lambda **options: dense_model(dropout=0, **options), vectors
    )


def test_log_keys(vectors):
    harness.check_log_keys(dense_model, vectors, ["accuracy"])


def test_a_step_is_traced_once(vectors, monkeypatch):
    traced, step = [], RAN.train_step
    monkeypatch.setattr(
        RAN, "train_step",
        lambda self, data: traced.append(data) or step(self, data),
    )
    harness.fit(dense_model(), vectors, 2)
    assert len(traced) == 1


def test_role_isolation(vectors):
    harness.check_role_isolation(dense_model, vectors)


@pytest.mark.parametrize("noise", [False, True])
def test_save_load_continue(vectors, tmp_path, noise):
    def make(**options):
        return dense_model(noise=noise, norm=True, **options)

    harness.check_save_load_continue(make, vectors, tmp_path / "m.keras")


@pytest.mark.parametrize("noise", [False, True])
def test_interrupt_resume(vectors, tmp_path, noise):
    def make(**options):
        return dense_model(noise=noise, norm=True, **options)

    harness.check_interrupt_resume(make, vectors, tmp_path)


def test_keras_backup_and_restore(vectors, tmp_path):
    straight = dense_model(noise=True)
    harness.fit(straight, vectors, 4)
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    with pytest.raises(harness.Killed):
        harness.fit(dense_model(noise=True), vectors, 4,
                    callbacks=[backup, harness.KillAt(2)])
    resumed = dense_model(seed=9, noise=True)
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    harness.fit(resumed, vectors, 4, callbacks=[backup])
    np.testing.assert_array_equal(
        harness.weights(resumed), harness.weights(straight)
    )


def test_two_replicas(vectors):
    harness.check_two_replicas(
        lambda **options: dense_model(dropout=0, **options), vectors
    )


def test_mixed_precision(vectors):
    harness.check_mixed_precision(dense_model, vectors)


def scalar_model(**options):
    """One pixel, encoder z = w x, classifier logits (0, c z), decoder d z."""

    def linear(name, kernel):
        layer = keras.layers.Dense(len(kernel[0]), use_bias=False)
        model = keras.Sequential([keras.Input((1,)), layer], name=name)
        layer.set_weights([np.array(kernel, "float32")])
        return model

    model = RAN(
        linear("client", [[2.0]]),
        linear("server", [[0.0, 1.0]]),
        linear("adversary", [[0.25]]),
        **options,
    )
    model.compile(*[keras.optimizers.SGD(0.1) for _ in range(3)])
    return model


def test_objectives_by_hand():
    # x = 1, label 1: z = 2, logits (0, 2), H = log(1 + e^-2) = 0.126928.
    # The decoder says 0.5: error (1 - 0.5)^2 = 0.25.
    # O_a = 0.8 * 0.126928 - 0.2 * 0.25 = 0.051542.
    model = scalar_model(utility_weight=0.8, bounded=False)
    x, y = np.ones((1, 1), "float32"), np.array([1])
    found = model.defender_objective(x, y, training=False)
    assert float(found["utility_loss"]) == pytest.approx(0.126928, abs=1e-6)
    assert float(found["adversary_loss"]) == pytest.approx(0.25, abs=1e-6)
    assert float(found["loss"]) == pytest.approx(0.051542, abs=1e-6)


def test_one_step_by_hand():
    # k = 1, rate 0.1, x = 1, label 1. p = sigmoid(2) = 0.880797.
    # (2): dH/dz = -(1 - p) c = -0.119203, so w = 2 + 0.0119203 = 2.0119203
    #      and c = 1 + 0.1 * 0.119203 * 2 = 1.0238406 in logit 1; logit 0's
    #      weight goes the other way: -0.0238406, so dz also counts it; at
    #      the start it is 0 and adds nothing to w.
    # (3): z = 2.0119203, error e = 1 - 0.25 z = 0.4970199;
    #      d = 0.25 + 0.1 * 2 e z = 0.4499922.
    # (4), lambda = 0: O_a = -(1 - d z)^2, d z = 0.9053484,
    #      dO_a/dw = 2 (1 - d z) d = 0.0851858, w = 2.0034017.
    model = scalar_model(utility_weight=0.0, inner_steps=1, bounded=False)
    model.train_step((np.ones((1, 1), "float32"), np.array([1])))
    client, server, adversary = (
        part.get_weights()[0] for part in
        (model.client, model.server, model.adversary)
    )
    assert adversary[0, 0] == pytest.approx(0.4499922, abs=1e-5)
    assert server[0] == pytest.approx([-0.0238406, 1.0238406], abs=1e-6)
    assert client[0, 0] == pytest.approx(2.0034017, abs=1e-5)


def test_the_reward_ends_at_the_ceiling():
    # Two examples 0 and 1: the batch's mean leaves 0.25. A decoder that is
    # off by far more earns the defender no more than that.
    model = scalar_model(utility_weight=0.0, bounded=True)
    model.adversary.set_weights([np.array([[100.0]], "float32")])
    x = np.array([[0.0], [1.0]], "float32")
    found = model.defender_objective(x, np.array([0, 1]), training=False)
    assert float(found["loss"]) == pytest.approx(-0.25, abs=1e-6)
    assert found["adversary_loss"] > 1000
    assert float(model.error_ceiling(x)) == pytest.approx(0.25)


def test_utility_weight_one_is_a_plain_classifier():
    model = scalar_model(utility_weight=1.0)
    x = np.array([[0.0], [1.0]], "float32")
    found = model.defender_objective(x, np.array([0, 1]), training=False)
    assert float(found["loss"]) == float(found["utility_loss"])


def test_inner_steps_count():
    model = scalar_model(inner_steps=3)
    x, y = np.ones((4, 1), "float32"), np.ones(4, "int32")
    model.fit(x, y, batch_size=2, verbose=0)
    counts = {
        name: int(getattr(model, name).iterations.numpy())
        for name in model.OPTIMIZERS
    }
    assert counts == {
        "optimizer": 2, "adversary_optimizer": 6, "utility_optimizer": 6
    }


def test_compactness_pulls_a_class_together():
    loss = kprivacy.losses.ClassScatter(2)
    labels = np.array([0, 0, 1])
    # Class 0 lies at 0 and 2 around 1: distance 1 each; class 1 is alone.
    features = np.array([[0.0], [2.0], [7.0]], "float32")
    assert float(loss(labels, features)) == pytest.approx(2 / 3)


def test_several_decoders_are_averaged():
    client = build_client((28, 28, 1), filters=(2, 3), bottleneck=4)
    adversary = build_adversary(client, decoders=3)
    model = RAN(client, build_server(client, 3), adversary)
    x = np.zeros((2, 28, 28, 1), "float32")
    decoded = [np.full_like(x, value) for value in (0.0, 0.1, 0.2)]
    # 784 pixels times the mean of 0, 0.01 and 0.04.
    found = [float(error) for error in model.decoder_errors(x, decoded)]
    assert found == pytest.approx([0, 7.84, 31.36], rel=1e-5)
    loss = model.adversary_objective(x, model.client(x))["loss"]
    assert np.isfinite(float(loss))
    assert len(model.adversary(model.client(x))) == 3


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"utility_weight": 2}, "`utility_weight` must be a number in"),
        ({"inner_steps": 0}, "`inner_steps` must be an integer of at least 1"),
        ({"per_example": "max"}, "`per_example` must be one of 'sum', 'mean'"),
        ({"server": None}, "`server` must be a built functional"),
    ],
)
def test_errors_say_what_to_do(change, sentence):
    client = build_client((28, 28, 1), filters=(2, 3))
    parts = {
        "client": client,
        "server": build_server(client, 3),
        "adversary": build_adversary(client),
    }
    with pytest.raises((ValueError, TypeError), match=sentence):
        RAN(**{**parts, **change})


def test_saving_before_compile(tmp_path):
    client = build_client((28, 28, 1), filters=(2, 3))
    model = RAN(client, build_server(client, 3), build_adversary(client))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert not loaded.compiled
    np.testing.assert_array_equal(
        harness.weights(loaded), harness.weights(model)
    )


def test_run_options_are_kept(tmp_path):
    model = dense_model(steps_per_execution=4)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.steps_per_execution == 4


def test_the_decoder_must_give_the_datas_shape():
    client = build_client((28, 28, 1), filters=(2, 3))
    server = build_server(client, 3)
    with pytest.raises(ValueError, match="must reconstruct the data"):
        RAN(client, server, server)


def test_convolutional_ran_keeps_the_promises(toy_images, tmp_path):
    """What ships: LeNet, bottleneck, bound, scatter, two decoders."""

    def make(seed=0, **options):
        keras.utils.set_random_seed(seed)
        client = build_client((28, 28, 1), filters=(2, 3), bottleneck=4)
        model = RAN(
            client,
            build_server(client, 3, units=(8,)),
            build_adversary(client, decoders=2),
            inner_steps=1,
            compactness_weight=1.0,
        )
        model.compile("adam", "adam", metrics=["accuracy"], **options)
        return model

    straight = harness.straight(make, toy_images)
    harness.check_interrupt_resume(
        make, toy_images, tmp_path / "state", straight
    )
    harness.check_save_load_continue(
        make, toy_images, tmp_path / "m.keras", straight
    )


def test_data_without_labels_are_refused():
    model = scalar_model()
    with pytest.raises(ValueError, match="trains on pairs"):
        model.fit(np.ones((4, 1), "float32"), verbose=0)


def test_roles_must_fit():
    client = build_client((28, 28, 1), filters=(2, 3))
    other = build_client((28, 28, 1), filters=(2, 4))
    with pytest.raises(ValueError, match="must take what the client sends"):
        RAN(client, build_server(other, 3), build_adversary(client))


@pytest.mark.parametrize("name, value", [
    ("loss", "mse"), ("loss_weights", [1.0]),
])
def test_losses_that_would_be_ignored_are_refused(name, value):
    with pytest.raises(UserError, match=f"RAN has losses.*{name}="):
        kprivacy.RAN.compile(
            object.__new__(kprivacy.RAN), "adam", "adam", **{name: value}
        )
