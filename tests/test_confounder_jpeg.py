"""Training through JPEG: Pillow's files, gradients, what f sees."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import kprivacy
from kprivacy import networks
from kprivacy.confounder_gan import (
    SurrogateConfounderGAN,
    build_adversary,
    build_client,
    compression,
)
from kprivacy.errors import UserError


def picture(height, width, channels, seed=0):
    """A smooth one with some noise, at the levels of 8 bits."""
    y, x = np.mgrid[:height, :width]
    waves = np.stack([np.sin(x / 7 + y / 11), np.cos(y / 5),
                      np.sin((x + y) / 9)], axis=-1)
    noise = np.random.default_rng(seed).normal(0, 12, waves.shape)
    return np.clip(128 + 90 * waves + noise, 0, 255).astype("u1")[
        ..., :channels
    ]


def file_of(pixels, quality):
    """What Pillow writes and reads again, as it does by default."""
    grey = pixels.shape[-1] == 1
    image = Image.fromarray(pixels[..., 0] if grey else pixels)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream)).reshape(pixels.shape)


def qualities(*values):
    return np.array(values, "float32")[:, None, None, None]


@pytest.mark.parametrize("shape", [(32, 32, 3), (28, 28, 1), (13, 22, 3)])
@pytest.mark.parametrize("quality", [10, 30, 50, 75, 95])
def test_it_is_pillows_jpeg_within_a_level(shape, quality):
    """On average; single coefficients are rounded to the other side."""
    pixels = np.stack([picture(*shape, seed) for seed in range(6)])
    images = (pixels / 255).astype("float32")
    found = 255 * np.asarray(
        compression.compressed(images, qualities(*6 * [quality]))
    )
    np.testing.assert_allclose(found, np.rint(found), atol=1e-3)
    assert found.min() >= 0 and found.max() <= 255
    expected = np.stack([file_of(one, quality) for one in pixels])
    off = np.abs(found - expected)
    assert off.mean() < 1
    assert off.mean() < 0.4 * np.abs(1.0 * expected - pixels).mean()
    assert np.mean(off > 2.01) < 0.1


@pytest.mark.parametrize("quality", [10, 30, 50])
def test_colours_at_the_ends_are_clipped_as_by_a_decoder(quality):
    """Blocks of full colours, whose planes leave the range of a byte."""
    draws = np.random.default_rng(0).integers(0, 2, (24, 4, 4, 3))
    pixels = (255 * draws.repeat(8, axis=1).repeat(8, axis=2)).astype("u1")
    found = 255 * np.asarray(compression.compressed(
        (pixels / 255).astype("float32"), qualities(*24 * [quality])
    ))
    expected = np.stack([file_of(one, quality) for one in pixels])
    # Without the clip these are 2.1, 1.4, 1.01 and 24, 15, 11 %.
    off = np.abs(found - expected)
    assert off.mean() < 1
    assert np.mean(off > 2.01) < 0.1


def test_tables_are_libjpegs():
    stream = io.BytesIO()
    Image.fromarray(picture(16, 16, 3)).save(stream, "JPEG", quality=35)
    tables = Image.open(stream).quantization
    ours = compression.LUMINANCE, compression.COLOURS
    for table, theirs in zip(ours, (tables[0], tables[1])):
        found = np.asarray(compression.steps(qualities(35), table))[0]
        # Older versions of Pillow have them in zigzag: sorted they are equal.
        assert sorted(found.ravel()) == sorted(theirs)
        best = np.asarray(compression.steps(qualities(100), table))
        np.testing.assert_array_equal(best, 1)


def slopes(images, weights):
    """The gradient of the weighted sum of what a file has."""
    variable = tf.Variable(images)
    with tf.GradientTape() as tape:
        found = compression.compressed(variable, qualities(20))
        loss = tf.reduce_sum(weights * found)
    assert np.abs(found - images).max() > 5 / 255
    return tape.gradient(loss, variable).numpy()


def test_gradients_pass():
    """The steps between the roundings undo each other."""
    images = (picture(13, 22, 3) / 255).astype("float32")[None]
    weights = np.random.default_rng(1).normal(size=images.shape).astype("f4")
    # Of grey pictures all, of colours all that is of the brightness.
    some = weights[..., :1]
    np.testing.assert_allclose(
        slopes(images[..., :1], some), some, atol=1e-3
    )
    bright = some * np.float32(compression.TO_YCBCR[0])
    np.testing.assert_allclose(slopes(images, bright), bright, atol=1e-3)
    # What changes the colours of a whole picture passes, nothing finer does.
    found = slopes(images, weights)
    np.testing.assert_allclose(
        found.sum(axis=(1, 2)), weights.sum(axis=(1, 2)), rtol=1e-3
    )
    blue = (found @ np.linalg.inv(compression.TO_YCBCR))[0, :12, :, 1]
    np.testing.assert_allclose(blue[::2], blue[1::2], atol=1e-3)
    np.testing.assert_allclose(blue[:, ::2], blue[:, 1::2], atol=1e-3)


def test_a_share_is_compressed_at_drawn_qualities():
    generator = keras.random.SeedGenerator(0)
    found = np.asarray(compression.drawn(2000, 0.5, (40, 60), generator))
    assert found.shape == (2000, 1, 1, 1)
    told = found[found > 0]
    assert 0.45 < len(told) / 2000 < 0.55
    assert set(told) == set(range(40, 61))
    images = (picture(16, 16, 3) / 255).astype("float32")[None]
    both = np.concatenate([images, images])
    some = np.asarray(compression.compressed(both, qualities(0, 20)))
    np.testing.assert_array_equal(some[0], images[0])
    assert (some[1] != images[0]).any()


def model_of(kind=kprivacy.ConfounderGAN, channels=3, seed=0, **options):
    keras.utils.set_random_seed(seed)
    shape = (16, 16, channels)
    client = build_client(shape, filters=(3, 4), bound=0.2)
    classifiers = [networks.classifier(shape, 3, "mlp", 8) for _ in range(2)]
    return kind(
        client, build_adversary(client, (3, 4)), classifiers[0],
        *classifiers[1:] * (kind is SurrogateConfounderGAN), seed=seed,
        **options,
    )


def batch():
    images = np.stack([picture(16, 16, 3, i) for i in range(6)]) / 255
    return images.astype("float32"), np.arange(6) % 3


def test_the_classifier_sees_what_is_left_between_files():
    images, labels = batch()
    model = model_of(jpeg=1.0, jpeg_quality=(20, 20))
    stored = [
        np.stack([file_of(np.rint(255 * one).astype("u1"), 20) for one in many])
        for many in (np.asarray(model.client(images)), images)
    ]
    noise = (stored[0].astype("f4") - stored[1]) / 255
    found = model.defender_objective(images, labels, training=True)
    scores = model.classifiers[0](noise, training=False)
    np.testing.assert_allclose(found["scores"], scores, atol=0.25)
    plain = model.defender_objective(images, labels, training=False)
    assert np.abs(found["scores"] - plain["scores"]).max() > 0.05
    # Files of nothing leave nothing: the picture itself tells f no class.
    nothing, same = compression.left(
        images, images, 0 * images, qualities(*6 * [20])
    )
    np.testing.assert_array_equal(nothing, 0 * images)
    assert (np.asarray(same) != images).any()


@pytest.mark.parametrize("kind", [
    kprivacy.ConfounderGAN, SurrogateConfounderGAN,
])
def test_a_generator_is_trained_through_it(kind, tmp_path):
    images, labels = batch()
    model = model_of(kind, jpeg=0.5, jpeg_quality=(10, 60), shift=0.1)
    optimizers = {
        name: keras.optimizers.Adam(1e-2) for name in model.OPTIMIZERS
    }
    model.compile(**optimizers)
    before = model.client.get_weights()
    model.fit(images, labels, batch_size=3, epochs=2, verbose=0)
    assert any((now != then).any() for now, then in
               zip(model.client.get_weights(), before))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.jpeg == 0.5 and again.jpeg_quality == (10, 60)


def test_without_it_nothing_is_drawn():
    images, labels = batch()
    model = model_of()
    state = model.noise_generator.state.numpy()
    model.defender_objective(images, labels, training=True)
    np.testing.assert_array_equal(model.noise_generator.state.numpy(), state)


def test_errors():
    with pytest.raises(UserError, match="1 or 3 channels"):
        model_of(channels=2, jpeg=0.5)
    for wrong in ((60, 40), (0, 50), (50, 101), (50,), (0.3, 0.9)):
        with pytest.raises(UserError, match="two whole numbers"):
            model_of(jpeg=0.5, jpeg_quality=wrong)
    with pytest.raises(UserError, match="`jpeg`"):
        model_of(jpeg=2.0)
