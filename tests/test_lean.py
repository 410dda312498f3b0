"""Clients without work that a file of one size does not have to do."""

import keras
import numpy as np
import pytest

from export import client as client_lib
from export import lean, opened
from export.parts import Client
from kprivacy import confounder_gan


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
    content = client_lib.convert(client, "int8")
    plain = opened.without_delegates(content)
    names = [one["op_name"] for one in plain._get_ops_details()]
    assert "TILE" not in names and "BATCH_MATMUL" not in names
    assert "STRIDED_SLICE" not in names
    # The noise's own product, and none of a normalisation.
    assert names.count("MUL") == 1


def test_others_stay_as_they_are():
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(2)])
    assert lean.lean(model, [(6,)]) is model
