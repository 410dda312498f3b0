"""Clients without work that a file of one size does not have to do."""

import keras
import numpy as np
import pytest

from export import client as client_lib
from export import lean, opened
from export.parts import Client
from kprivacy import confounder_gan
from kprivacy.confounder_gan.client import Bounded
from kprivacy.layers import RoundToBytes
from kprivacy.releases import TFLiteModel


def guided():
    """A generator with a guide and patterns, with statistics of its own."""
    keras.utils.set_random_seed(0)
    guide = keras.Sequential([
        keras.Input((16, 16, 3)), keras.layers.Flatten(),
        keras.layers.Dense(4),
    ])
    model = confounder_gan.build_client(
        (None, None, 3), filters=(4, 8), guide=guide, pattern=4, cell=4
    )
    generator = np.random.default_rng(0)
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([
                generator.uniform(0.5, 1.5, one.shape)
                for one in layer.get_weights()
            ])
    return model


def operations(client, quantization):
    plain = opened.without_delegates(client_lib.convert(client, quantization))
    return [one["op_name"] for one in plain._get_ops_details()]


@pytest.fixture(scope="module")
def model():
    return guided()


@pytest.mark.parametrize("side", [16, 18])
def test_it_gives_what_the_client_gives(model, side):
    before = [one.copy() for one in model.get_weights()]
    made = lean.lean(model, [(side, side, 3)])
    images = np.random.default_rng(1).random((4, side, side, 3), np.float32)
    np.testing.assert_allclose(made(images), model(images), atol=1e-5)
    kinds = [type(one).__name__ for one in made.layers]
    assert "BatchNormalization" not in kinds
    # 18 is no multiple of 4: there a crop crops something.
    assert ("CropLike" in kinds) == (side == 18)
    for one, held in zip(model.get_weights(), before):
        np.testing.assert_array_equal(one, held)


def test_a_file_has_no_work_for_nothing(model):
    images = np.random.default_rng(1).random((20, 16, 16, 3), np.float32)
    client = Client(model, "protect", {"image": "image"},
                    ("protected", "image"), (images,))
    names = operations(client, "int8")
    assert "TILE" not in names and "BATCH_MATMUL" not in names
    assert "RESIZE_BILINEAR" not in names
    # Of the maps that are laid out by a convolution; no crop is one.
    assert names.count("STRIDED_SLICE") == names.count("DEPTH_TO_SPACE") == 2
    # The noise's own product, and none of a normalisation.
    assert names.count("MUL") == 1
    # Bytes end at 0 and 255 by themselves.
    assert "MINIMUM" not in names and "RELU" not in names


def test_another_size_keeps_what_it_needs(model):
    images = np.random.default_rng(1).random((20, 18, 18, 3), np.float32)
    client = Client(model, "protect", {"image": "image"},
                    ("protected", "image"), (images,))
    names = operations(client, "float32")
    assert "RESIZE_BILINEAR" in names and "STRIDED_SLICE" in names


def test_bytes_end_at_black_and_white():
    """The clip is left to the bytes, whose steps are the output's own."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((8, 8, 3), name="image")
    noise = Bounded(8 / 255)(keras.layers.Conv2D(3, 1)(inputs))
    x = keras.layers.Add()([inputs, noise])
    x = RoundToBytes()(keras.layers.ReLU(max_value=1.0)(x))
    model = keras.Model(inputs, x)
    images = np.random.default_rng(1).integers(0, 2, (50, 8, 8, 3))
    images = images.astype(np.float32)
    client = Client(model, "protect", {"image": "image"},
                    ("protected", "image"), (images,))
    file = TFLiteModel(client_lib.convert(client, "int8"), "protect")
    sent = file({"image": np.uint8(255 * images)}).astype(int)
    expected = np.rint(255 * model.predict(images, verbose=0)).astype(int)
    np.testing.assert_allclose(sent, expected, atol=1)
    assert (expected == 255).any() and (expected == 0).any()
    assert (sent == 255).any() and (sent == 0).any()
    assert not {"MINIMUM", "RELU"} & set(operations(client, "int8"))
    assert {"MINIMUM", "RELU"} & set(operations(client, "float32"))


def test_others_stay_as_they_are():
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(2)])
    assert lean.lean(model, [(6,)]) is model
