"""Transposed convolutions as convolutions, in integer files."""

import keras
import numpy as np
import pytest

from export import client as client_lib
from export import opened, subpixel
from export.parts import Client


def network(sides=(4, 6), kernel=4, channels=3, **settings):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((*sides, channels))
    settings = {"strides": 2, "padding": "same", "activation": "relu",
                **settings}
    up = keras.layers.Conv2DTranspose(5, kernel, name="up", **settings)
    model = keras.Model(inputs, keras.layers.Conv2D(2, 3)(up(inputs)))
    generator = np.random.default_rng(0)
    model.set_weights([
        generator.uniform(-0.5, 0.5, one.shape) for one in model.get_weights()
    ])
    return model


@pytest.mark.parametrize("sides", [(4, 4), (5, 7), (8, 4)])
@pytest.mark.parametrize("settings", [
    {}, {"activation": "linear"}, {"use_bias": False},
])
def test_it_gives_what_the_client_gives(sides, settings):
    model = network(sides, **settings)
    made = subpixel.shuffled(model)
    assert made.get_layer("up").filters == 20
    images = np.random.default_rng(1).random((3, *sides, 3), np.float32)
    np.testing.assert_allclose(made(images), model(images), atol=1e-5)
    assert model.get_layer("up").filters == 5


@pytest.mark.parametrize("settings", [
    {"sides": (3, 8)}, {"sides": (None, None)}, {"kernel": 3},
    {"strides": 1}, {"padding": "valid"},
    {"strides": 1, "dilation_rate": 2}, {"output_padding": 1},
])
def test_others_stay_as_they_are(settings):
    model = network(**settings)
    assert subpixel.shuffled(model) is model


def test_models_inside_count():
    inner = network()
    inputs = keras.Input((4, 6, 3))
    model = keras.Model(inputs, inner(inputs))
    made = subpixel.shuffled(model)
    images = np.random.default_rng(1).random((3, 4, 6, 3), np.float32)
    np.testing.assert_allclose(made(images), model(images), atol=1e-5)
    assert "Conv2DTranspose" not in [type(one).__name__ for one in made.layers]


def test_integer_files_alone_have_it():
    model = network()
    images = np.random.default_rng(1).random((20, 4, 6, 3), np.float32)
    client = Client(model, "encode", {"image": "image"},
                    ("features", "features"), (images,))
    for quantization, found in (("int8", False), ("float32", True)):
        content = client_lib.convert(client, quantization)
        names = {
            one["op_name"]
            for one in opened.without_delegates(content)._get_ops_details()
        }
        assert ("TRANSPOSE_CONV" in names) == found
        assert ("DEPTH_TO_SPACE" in names) != found
