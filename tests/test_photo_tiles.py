"""Large pictures in tiles: no seams, however far a generator looks."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_photos import BOUND, loud, pixels

from kprivacy import photos
from kprivacy.confounder_gan import build_client
from kprivacy.photos import generator


@pytest.mark.parametrize("network, filters", [
    ("unet", (4, 6, 8)), ("residual", (4, 6, 8)),
])
def test_tiles_have_no_seams(network, filters):
    client = loud(3, network, filters)
    image = pixels(150, 131, 3)
    whole = photos.Generator(client)(image)
    tiled = photos.Generator(client, tile=32, margin=48)(image)
    # Sums in another order may round to the next level, very rarely.
    assert (whole != tiled).mean() < 1e-3
    assert np.abs(whole.astype(int) - tiled).max() <= 1
    assert np.abs(whole.astype(int) - image).max() == BOUND


@pytest.mark.parametrize("options, sight", [
    ({"filters": (4, 6, 8)}, (29, 8)),
    ({"filters": (64, 128, 256, 512)}, (61, 16)),
    ({"filters": (2,) * 6}, (253, 64)),
    ({"network": "residual"}, (46, 4)),
])
def test_how_far_a_generator_looks(options, sight):
    """Of the noise of one place, no pixel further away matters."""
    client = build_client((None, None, 1), blocks=4, **options)
    reach, step = generator.sight_of(client)
    assert (reach, step) == sight
    noise = keras.Model(client.inputs, client.get_layer("noise").output)
    side = 2 * reach + 1 + step
    start = -(-reach // step) * step
    image = tf.Variable(np.full((1, start + side, 1, 1), 0.5, "float32"))
    with tf.GradientTape() as tape:
        # A column is enough: heights and widths are alike.
        places = noise(image, training=False)[0, start : start + step]
    moved = np.flatnonzero(tape.gradient(places, image).numpy())
    assert start - reach <= moved[0]
    assert moved[-1] < start + step + reach


def test_tiles_of_a_deep_generator_have_no_seams():
    """It looks further than others."""
    client = loud(1, filters=(3,) * 6)
    for layer in client.layers:  # else little comes back from below
        if "_conv" in layer.name:
            layer.set_weights([3 * one for one in layer.get_weights()])
    image = pixels(900, 40, 1)
    whole = photos.Generator(client, tile=1024)(image)
    tiled = photos.Generator(client, tile=64)(image)
    assert (whole != tiled).mean() < 1e-3
    near = photos.Generator(client, tile=64, margin=64)(image)
    assert (whole != near).mean() > 1e-2


def test_tiles_are_told_what_the_whole_picture_is():
    """Alone each would be taken for something else, and get its pattern."""
    seen = keras.Input((8, 8, 3))
    brightness = keras.layers.GlobalAveragePooling2D()(seen)
    guide = keras.Model(seen, keras.layers.Dense(2)(brightness))
    guide.set_weights([np.full((3, 2), [[30.0, 0.0]]), np.float32([-27, 0])])
    client = loud(guide=guide, pattern=3, cell=8)
    image = pixels(150, 131, 3)
    image[:, :60] //= 4
    tell = keras.Model(client.inputs, client.get_layer("told").output)
    halves = [tell.predict(one[None] / np.float32(255), verbose=0)
              for one in (image[:, :60], image[:, 60:])]
    assert halves[0].argmax() != halves[1].argmax()
    whole = photos.Generator(client)(image)
    tiled = photos.Generator(client, tile=40, margin=50)(image)
    assert (whole != tiled).mean() < 1e-3
