"""ConfounderGAN: the promises of every method, golden numbers, bounds."""

import importlib
import pkgutil

import harness
import keras
import numpy as np
import pytest
import tensorflow as tf

import configs
import kprivacy
from kprivacy import networks, train_lib
from kprivacy.confounder_gan import build_adversary, build_client
from kprivacy.errors import UserError

SHAPE = (9, 7, 2)
OWN = ("adversarial", "contrast", "shift", "hidden", "grey", "blurred",
       "hinge_bound", "hinge_weight", "adversarial_weight",
       "confounder_weight", "joint")


def small_model(seed=0, network="residual", classifiers=1, **options):
    """A small ConfounderGAN on pictures of three classes."""
    keras.utils.set_random_seed(seed)
    own = {name: options.pop(name) for name in OWN if name in options}
    client = build_client(SHAPE, network, (3, 4, 5), blocks=1)
    model = kprivacy.ConfounderGAN(
        client,
        build_adversary(client, (3, 4)),
        [networks.classifier(SHAPE, 3, "mlp", 8) for _ in range(classifiers)],
        seed=seed,
        **own,
    )
    model.compile(
        keras.optimizers.Adam(1e-3),
        keras.optimizers.Adam(2e-3),
        metrics=["accuracy"],
        **options,
    )
    return model


def whole_model(seed=0, **options):
    """With everything that has a state to lose."""
    return small_model(
        seed, "unet", 2, shift=0.2, hidden=0.5, blurred=0.5,
        contrast=8.0, **options
    )


def test_log_keys(pictures):
    harness.check_log_keys(small_model, pictures, ["accuracy"])


def test_role_isolation(pictures):
    harness.check_role_isolation(small_model, pictures)


def test_the_classifiers_stand_still(pictures):
    model = whole_model()
    before = [one.get_weights() for one in model.classifiers]
    harness.fit(model, pictures, 1)
    for one, held in zip(model.classifiers, before):
        for now, then in zip(one.get_weights(), held):
            np.testing.assert_array_equal(now, then)


def test_save_load_continue(pictures, tmp_path):
    harness.check_save_load_continue(
        whole_model, pictures, tmp_path / "m.keras"
    )


def test_interrupt_resume(pictures, tmp_path):
    harness.check_interrupt_resume(whole_model, pictures, tmp_path)


def test_several_steps_a_call(pictures):
    expected, model = small_model(), small_model(steps_per_execution=2)
    for one in (expected, model):
        harness.fit(one, pictures, 2)
    np.testing.assert_allclose(
        harness.weights(model), harness.weights(expected), atol=1e-5
    )


def test_two_replicas(pictures):
    """Batch norm sees half a batch on each: numbers are near, not equal."""
    one = harness.fit(small_model(), pictures, 1).history
    with harness.two_replicas().scope():
        model = small_model()
    two = harness.fit(model, pictures, 1).history
    for name, values in one.items():
        np.testing.assert_allclose(two[name], values, rtol=0.2, atol=0.2,
                                   err_msg=name)


def test_mixed_precision(pictures):
    harness.check_mixed_precision(small_model, pictures)


def by_hand(*before, **options):
    """G(x) = x / 10; D is the mean; f sums, for the first of two classes.

    Layers may come before D's mean.
    """
    inputs = keras.Input((2, 2, 1), name="image")
    noise = keras.layers.Rescaling(0.1, name="noise")(inputs)
    client = keras.Model(inputs, keras.layers.Add()([inputs, noise]))
    seen = inputs
    for layer in before:
        seen = layer(seen)
    mean = keras.layers.GlobalAveragePooling2D()(seen)
    judged = keras.layers.Dense(1, kernel_initializer="ones")(mean)
    summed = keras.layers.Flatten()(inputs)
    scores = keras.layers.Dense(2, kernel_initializer="zeros")
    classifier = keras.Model(inputs, scores(summed))
    scores.set_weights([np.array([[1.0, 0.0]] * 4), np.zeros(2)])
    return kprivacy.ConfounderGAN(
        client, keras.Model(inputs, judged), classifier, hinge_bound=0.04,
        hinge_weight=2.0, **options,
    )


@pytest.mark.parametrize("adversarial, expected", [
    # log(1 - D) of the logit .55 is -log(1 + e^.55)
    ("equation_5", -np.log(1 + np.exp(0.55))),
    ("algorithm_1", 0.0),
    # -log D
    ("non_saturating", np.log(1 + np.exp(-0.55))),
])
def test_objectives_by_hand(adversarial, expected):
    """Pictures of .5: noise .05, its norm .1, its sum .2."""
    model = by_hand(adversarial=adversarial, adversarial_weight=3.0)
    images = np.full((4, 2, 2, 1), 0.5, "float32")
    labels = np.array([0, 0, 1, 1])
    found = model.defender_objective(images, labels, training=False)
    confounder = (np.log(1 + np.exp(-0.2)) + np.log(1 + np.exp(0.2))) / 2
    assert float(found["adversarial_loss"]) == pytest.approx(expected)
    assert float(found["confounder_loss"]) == pytest.approx(confounder)
    assert float(found["hinge_loss"]) == pytest.approx(0.06, rel=1e-5)
    assert float(found["loss"]) == pytest.approx(
        3 * expected + confounder + 2 * 0.06, rel=1e-5
    )
    # D: -log D(.5) - log(1 - D(.55))
    judged = model.adversary_objective(images, 1.1 * images, False)["loss"]
    assert float(judged) == pytest.approx(
        np.log(1 + np.exp(-0.5)) + np.log(1 + np.exp(0.55)), rel=1e-5
    )


@pytest.mark.parametrize("joint", [True, False])
def test_the_adversary_sees_both_as_one_batch(joint):
    """Batch norm tells means of .5 and .9 apart only where both are seen."""
    model = by_hand(keras.layers.BatchNormalization(), joint=joint)
    images = np.full((4, 2, 2, 1), 0.5, "float32")
    loss = model.adversary_objective(images, images + 0.4, True)["loss"]
    real, fake = (-1.0, 1.0) if joint else (0.0, 0.0)
    assert float(loss) == pytest.approx(
        np.log(1 + np.exp(-real)) + np.log(1 + np.exp(fake)), abs=0.02
    )


@pytest.mark.parametrize("network", ["unet", "residual"])
@pytest.mark.parametrize("bound, levels", [
    (8 / 255, 8), (16 / 255, 16), (0.03, 7), (1 / 255, 1),
])
def test_the_bound_holds_on_stored_pictures(network, bound, levels):
    keras.utils.set_random_seed(0)
    client = build_client((None, None, 3), network, (4, 5, 6), 1, bound)
    for weight in client.trainable_variables:
        weight.assign(20 * weight)
    generator = np.random.default_rng(1)
    for size in ((1, 1), (13, 22), (32, 32)):
        pixels = generator.integers(0, 256, (2, *size, 3))
        sent = client.predict((pixels / 255).astype("float32"), verbose=0)
        stored = np.rint(sent * 255)
        np.testing.assert_allclose(sent * 255, stored, atol=1e-3)
        assert stored.min() >= 0 and stored.max() <= 255
        changed = np.abs(stored - pixels).max()
        assert changed <= levels
        if size == (32, 32):
            assert changed == levels


def test_errors(pictures):
    with pytest.raises(UserError, match="at least one level"):
        build_client(bound=0.003)
    with pytest.raises(UserError, match="three convolutions"):
        build_client(network="residual", filters=(4, 8))
    with pytest.raises(UserError, match="'equation_5'"):
        small_model(adversarial="hinge")
    client = build_client(SHAPE, filters=(3, 4))
    plain = keras.Sequential([keras.Input(SHAPE)])
    with pytest.raises(UserError, match='a layer "noise"'):
        kprivacy.ConfounderGAN(
            plain, build_adversary(client, (3,)),
            networks.classifier(SHAPE, 3, "mlp", 8),
        )
    with pytest.raises(UserError, match=r"of shape \(9, 7, 2\).*\(9, 7, 3\)"):
        kprivacy.ConfounderGAN(
            client, build_adversary(client, (3,)),
            networks.classifier((9, 7, 3), 3, "mlp", 8),
        )
    with pytest.raises(UserError, match="`classifiers` must have one"):
        small_model(classifiers=0)
    with pytest.raises(UserError, match=r"of shape \(9, 7, 2\).*\(9, 8, 2\)"):
        kprivacy.ConfounderGAN(
            client, build_adversary(client, (3,)),
            networks.classifier((9, 8, 2), 3, "mlp", 8),
        )
    with pytest.raises(UserError, match="without sample weights"):
        small_model().fit(*pictures, sample_weight=np.ones(32), verbose=0)
    for options, sentence in (
        ({"hinge_bound": -1}, "`hinge_bound`.*-1"),
        ({"hinge_bound": "a"}, "`hinge_bound`.*'a'"),
        ({"hinge_weight": -2}, "`hinge_weight`.*-2"),
        ({"confounder_weight": float("nan")}, "`confounder_weight`.*nan"),
    ):
        with pytest.raises(UserError, match=sentence):
            small_model(**options)


@pytest.mark.parametrize("options, sentence", [
    ({"bound": float("nan")}, "`bound`.*nan"),
    ({"bound": "8"}, "`bound`.*'8'"),
    ({"filters": ()}, "`filters`"),
    ({"filters": (4, 0)}, "`filters`"),
    ({"pattern": 2, "cell": 0}, "`cell`"),
    ({"pattern": -1}, "`pattern`"),
])
def test_generators_that_cannot_be(options, sentence):
    with pytest.raises(UserError, match=sentence):
        build_client(SHAPE, **options)


def test_a_guide_sees_the_same_channels():
    guide = networks.classifier((9, 7, 3), 3, "mlp", 8)
    with pytest.raises(UserError, match="`guide` .* 2. Received: 3"):
        build_client(SHAPE, filters=(3, 4), guide=guide)


def test_the_residual_one_has_filters_of_its_own():
    client = build_client((None, None, 1), "residual")
    assert client.get_layer("down_conv3").filters == 256


def test_fit_is_called_as_keras_own(pictures):
    model = small_model()
    model.fit(*pictures, 16, 1, 0)
    assert int(model.optimizer.iterations) == 2
    with pytest.raises(ValueError, match="compile"):
        type(model).from_config(model.get_config()).fit(*pictures, verbose=0)


def test_what_it_trains_on_is_looked_at(pictures):
    images, labels = pictures
    model = small_model()
    model.compile("adam", "adam")
    hot = np.eye(3, dtype="float32")[labels]
    for x, y, sentence in (
        (255 * images, labels, r"images in \[0, 1\].*Divide bytes"),
        (images, hot, "take the argmax"),
        (images, labels + 3, "labels from 0 to 2"),
        (images, labels[:-1], "one label for each"),
    ):
        with pytest.raises(UserError, match=sentence):
            model.fit(x, y, verbose=0)
    for x, y, sentence in (
        ((255 * images).astype("uint8"), labels, "uint8.*Divide bytes"),
        (images, hot, "take the argmax"),
    ):
        batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)
        with pytest.raises(UserError, match=sentence):
            model.fit(batches, verbose=0)


@pytest.mark.parametrize("metrics", [None, ["accuracy"]])
def test_classifiers_of_another_size(pictures, metrics):
    """A generator takes any size; in `fit` it is known which."""
    client = build_client((None, None, 2), filters=(3, 4))
    wide = networks.classifier((9, 8, 2), 3, "mlp", 8)
    model = kprivacy.ConfounderGAN(
        client, build_adversary(client, (3,)), wide
    )
    model.compile("adam", "adam", metrics=metrics)
    for run in (model.fit, model.evaluate):
        with pytest.raises(
            UserError, match=r"of shape \(9, 7, 2\).*'classifier' for shape "
            r"\(9, 8, 2\)"
        ):
            run(*pictures, verbose=0)


CONFIGS = [
    one.name for one in pkgutil.iter_modules(configs.__path__)
    if one.name.startswith("confounder_gan_")
    and one.name != "confounder_gan_base"
]


def test_a_config_trains_and_goes_on(tmp_path):
    config = importlib.import_module(
        "configs.confounder_gan_cifar10_subset"
    ).get_config("smoke")
    model = train_lib.train(config, tmp_path)
    parts = sorted((tmp_path / "parts").iterdir())
    assert [one.name for one in parts] == [
        "classifier_0_lenet.keras", "guide.keras"
    ]
    before = [one.stat().st_mtime_ns for one in parts]
    again = train_lib.train(config, tmp_path)
    images = np.zeros((2, 30, 17, 1), "float32")
    np.testing.assert_array_equal(
        model.predict(images, verbose=0), again.predict(images, verbose=0)
    )
    (tmp_path / "model.keras").unlink()
    train_lib.train(config, tmp_path)
    assert [one.stat().st_mtime_ns for one in parts] == before


def value_of(config, field):
    """The value of a field such as "guide.epochs"."""
    for name in field.split("."):
        config = config[name]
    return config


@pytest.mark.parametrize("name", CONFIGS)
def test_configs_and_their_sweeps(name):
    module = importlib.import_module(f"configs.{name}")
    for overrides in module.get_sweep():
        config = module.get_config()
        config.update_from_flattened_dict(overrides)
    paper = module.get_config("paper")
    added = {
        "pretraining_epochs": 0, "guide.epochs": 0, "surrogate.weight": 0,
        "client.pattern": 0, "model.shift": 0, "model.hidden": 0,
        "model.grey": 0, "model.blurred": 0,
    }
    assert {field: value_of(paper, field) for field in added} == added
    assert len(paper.classifier.networks) == 1
    model = paper.model
    assert model.adversarial == "equation_5"
    assert (model.adversarial_weight, model.confounder_weight,
            model.hinge_weight) == (1, 1, 1)
    with pytest.raises(ValueError, match="must be one of"):
        module.get_config("large")
