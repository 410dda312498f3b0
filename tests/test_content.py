"""The content loss: a classifier that stands still."""

import keras
import numpy as np
import pytest

from kprivacy import workdir
from kprivacy.errors import UserError
from kprivacy.fakesafe import (
    FakeSafe,
    build_adversary,
    build_client,
    build_server,
    pairs,
)
from kprivacy.train_lib import save

SHAPE = (16, 16, 1)


def pictures(count, seed=0):
    return np.random.default_rng(seed).random((count, *SHAPE), np.float32)


def test_content_is_kept_and_saved(tmp_path):
    content = keras.Sequential([
        keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Dense(3)
    ])
    client = build_client(SHAPE, SHAPE, units=(8,))
    server = build_server(client, units=(8,))
    model = FakeSafe(client, server, build_adversary(client, units=(8,)),
                     content_weight=1.0, content=content, seed=0)
    model.compile("adam", "adam")
    before = [w.numpy() for w in content.weights]
    batch = pictures(8), pictures(8, seed=1)
    with_it = model.defender_objective(*batch, training=False)["loss"]
    model.content_weight = 0.0
    without = model.defender_objective(*batch, training=False)["loss"]
    assert float(with_it) > float(without)
    model.content_weight = 1.0
    model.fit(pairs(*batch, 4), verbose=0)
    for held, weight in zip(before, content.weights):
        np.testing.assert_array_equal(held, weight)
    save(model, tmp_path / "model.keras")
    loaded = workdir.read_model(tmp_path)
    np.testing.assert_allclose(
        loaded.content(batch[0]), content(batch[0]), atol=1e-6
    )


def test_content_and_its_weight_go_together():
    client = build_client(SHAPE, SHAPE, units=(8,))
    server = build_server(client, units=(8,))
    adversary = build_adversary(client, units=(8,))
    with pytest.raises(UserError, match="go together"):
        FakeSafe(client, server, adversary, content_weight=1.0)
