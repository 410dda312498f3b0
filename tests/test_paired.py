"""Convolutions from and to few channels, on several columns at once."""

import keras
import numpy as np
import pytest

from export import client as client_lib
from export import opened, paired
from export.parts import Client


def network(channels=3, side=8, kernel=5, **settings):
    """Ends in a convolution without padding, which stays as it is."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((side, side, channels))
    settings = {"padding": "same", "activation": "relu", **settings}
    x = keras.layers.Conv2D(
        12, kernel, name="first", **settings
    )(inputs)
    x = keras.layers.BatchNormalization()(x)
    model = keras.Model(inputs, keras.layers.Conv2D(2, 3)(x))
    generator = np.random.default_rng(0)
    for layer in model.layers:
        layer.set_weights([
            generator.uniform(-0.5, 1.0, one.shape) ** 2 + 0.1
            if "variance" in held.path
            else generator.uniform(-0.5, 0.5, one.shape)
            for held, one in zip(layer.weights, layer.get_weights())
        ])
    return model


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("kernel", [5, 7, (3, 9)])
@pytest.mark.parametrize("settings", [
    {}, {"activation": "linear"}, {"use_bias": False},
])
def test_it_gives_what_the_client_gives(channels, kernel, settings):
    model = network(channels, kernel=kernel, **settings)
    made = paired.paired(model)
    assert made.get_layer("first").filters == 24
    images = np.random.default_rng(1).random((4, 8, 8, channels), np.float32)
    np.testing.assert_allclose(made(images), model(images), atol=1e-4)
    assert model.get_layer("first").filters == 12


def test_batch_normalisation_behind_it_is_folded():
    made = paired.paired(network(activation="linear"))
    kinds = [type(one).__name__ for one in made.layers]
    assert "BatchNormalization" not in kinds


@pytest.mark.parametrize("settings", [
    {"channels": 1}, {"side": 9}, {"kernel": 3}, {"strides": 2},
    {"padding": "valid"},
])
def test_others_stay_as_they_are(settings):
    model = network(**settings)
    assert paired.paired(model) is model


@pytest.mark.parametrize("filters, side, together", [
    (3, 8, 4), (3, 10, 2), (2, 8, 8), (1, 12, 4), (6, 8, 2), (4, 8, 4),
])
@pytest.mark.parametrize("kernel", [3, (1, 5)])
def test_few_filters_are_done_for_several_columns(
    filters, side, together, kernel
):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((5, side, 2))
    model = keras.Model(inputs, keras.layers.Conv2D(
        filters, kernel, padding="same", activation="tanh", name="last",
        bias_initializer="random_normal",
    )(inputs))
    made = paired.paired(model)
    assert made.get_layer("last").filters == together * filters
    images = np.random.default_rng(1).random((4, 5, side, 2), np.float32)
    np.testing.assert_allclose(made(images), model(images), atol=1e-5)


@pytest.mark.parametrize("filters, side, kernel", [
    (9, 8, 3), (3, 7, 3), (3, 8, 1), (3, None, 3),
])
def test_where_it_saves_nothing(filters, side, kernel):
    inputs = keras.Input((5, side, 2))
    model = keras.Model(inputs, keras.layers.Conv2D(
        filters, kernel, padding="same"
    )(inputs))
    assert paired.paired(model) is model


def test_integer_files_alone_have_it():
    model = network()
    images = np.random.default_rng(1).random((20, 8, 8, 3), np.float32)
    client = Client(model, "encode", {"image": "image"},
                    ("features", "features"), (images,))
    for quantization, filters in (("int8", 24), ("float32", 12)):
        content = client_lib.convert(client, quantization)
        plain = opened.without_delegates(content)
        assert filters in [
            one["shape"][0] for one in plain.get_tensor_details()
            if len(one["shape"]) == 4
        ]
