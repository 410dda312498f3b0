"""Codes in covers: what is read, and which pixels change."""

import keras
import numpy as np
import pytest
from protection import pictures

from kprivacy.fakesafe.covers import BLACK, WHITE, Embed, Read

SHAPE = (16, 16, 1)


def embedding(shape, bits, **options):
    """`Embed` with even weights and `Read`, as models."""
    code, cover = keras.Input((bits,)), keras.Input(shape)
    weights = keras.layers.Lambda(lambda x: 0 * x + 0.5)(cover)
    fake = Embed(**options)([code, cover, weights])
    image = keras.Input(shape)
    return (keras.Model([code, cover], fake),
            keras.Model(image, Read(bits, **options)(image)))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("per_direction, bits", [(1, 24), (2, 32)])
def test_a_code_is_read_in_its_cover(per_direction, bits, channels):
    shape = (16, 16, channels)
    embed, read = embedding(shape, bits, per_direction=per_direction)
    covers = pictures(60, shape)
    codes = np.random.default_rng(1).choice([-1.0, 1.0], (60, bits))
    fakes = embed.predict([codes, covers], verbose=0)
    held = np.round(fakes * 255) / 255
    np.testing.assert_allclose(fakes, held, atol=1e-6)
    assert (np.sign(read.predict(held, verbose=0)) != codes).mean() < 2e-3
    noisy = held + np.random.default_rng(2).normal(0, 1 / 255, held.shape)
    assert (np.sign(read.predict(noisy, verbose=0)) != codes).mean() < 0.02
    assert abs((np.sign(read.predict(covers, verbose=0)) == codes).mean()
               - 0.5) < 0.05
    free = (covers > BLACK) & (covers < WHITE)
    np.testing.assert_allclose(held[~free], covers[~free], atol=1e-6)
    changed = (held - covers)[free]
    assert 0 < np.sqrt((changed**2).mean()) < 12 / 255


def test_changes_go_where_the_weights_are():
    code, cover = keras.Input((8,)), keras.Input(SHAPE)
    left = np.zeros(SHAPE, np.float32)
    left[:, :8] = 1.0
    weights = keras.layers.Lambda(lambda x: 0 * x + left)(cover)
    model = keras.Model([code, cover], Embed()([code, cover, weights]))
    covers = np.full((4, *SHAPE), 100 / 255, np.float32)
    codes = np.random.default_rng(0).choice([-1.0, 1.0], (4, 8))
    changed = model.predict([codes, covers], verbose=0) - covers
    assert np.abs(changed[:, :, 8:]).max() < 1e-6
    assert np.abs(changed[:, :, :8]).max() > 1 / 255
