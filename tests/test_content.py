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
from kprivacy.fakesafe.content import ContentLoss, moved
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


def test_moved_images_stay_images():
    """Flat ones stay as they are; a square keeps its mass, elsewhere."""
    generator = keras.random.SeedGenerator(0)
    flat = np.full((3, 20, 30, 2), 0.25, np.float32)
    np.testing.assert_allclose(moved(flat, 0.05, generator), flat, atol=1e-6)
    square = np.zeros((64, 20, 30, 1), np.float32)
    square[:, 8:12, 13:17] = 1.0
    found = np.asarray(moved(square, 0.05, generator))[..., 0]
    assert found.min() >= 0 and found.max() <= 1 + 1e-6
    # At most 1.05 times as long and wide, and as short and narrow.
    assert (abs(found.sum((1, 2)) / 16 - 1) < 0.11).all()
    rows = found.sum(2) @ np.arange(20) / found.sum((1, 2))
    columns = found.sum(1) @ np.arange(30) / found.sum((1, 2))
    assert 0.3 < rows.std() < 0.05 * 20 and abs(rows - 9.5).max() < 1.1
    assert 0.5 < columns.std() < 0.05 * 30 and abs(columns - 14.5).max() < 1.6


def test_content_moves_in_training_alone():
    content = keras.Sequential([
        keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Dense(3)
    ])
    loss = ContentLoss(content, 0.05)
    one, other = pictures(8), pictures(8, 1)
    generator = keras.random.SeedGenerator(0)
    still = [float(loss(one, other)) for _ in range(2)]
    shifted = [float(loss(one, other, generator)) for _ in range(2)]
    assert still[0] == still[1] and len({*still, *shifted}) == 3
    assert float(loss(one, one)) == pytest.approx(0, abs=1e-6)


def test_content_reach_is_of_images():
    client = build_client((4,), SHAPE, units=(8,))
    server = build_server(client, units=(8,))
    adversary = build_adversary(client, units=(8,))
    with pytest.raises(UserError, match="moves images"):
        FakeSafe(client, server, adversary, content_reach=0.05)


def test_content_and_its_weight_go_together():
    client = build_client(SHAPE, SHAPE, units=(8,))
    server = build_server(client, units=(8,))
    adversary = build_adversary(client, units=(8,))
    with pytest.raises(UserError, match="go together"):
        FakeSafe(client, server, adversary, content_weight=1.0)
