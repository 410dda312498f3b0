"""FakeSafe's layers: rounding, binary codes, the pool of earlier fakes."""

import keras
import numpy as np
import tensorflow as tf

from kprivacy.fakesafe.layers import BinaryCode
from kprivacy.fakesafe.pool import ImagePool
from kprivacy.layers import round_to_bytes


def test_rounding_passes_gradients_on():
    images = tf.constant([0.0, 0.1, 0.4999, 1.0])
    with tf.GradientTape() as tape:
        tape.watch(images)
        rounded = round_to_bytes(images)
        loss = tf.reduce_sum(rounded * [1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(
        rounded, np.array([0, 26, 127, 255], "float32") / np.float32(255)
    )
    np.testing.assert_array_equal(tape.gradient(loss, images), [1, 2, 3, 4])


def test_binary_codes_are_signs_to_the_last_bit():
    numbers = tf.constant(np.random.default_rng(0).normal(size=4000), "float32")
    with tf.GradientTape() as tape:
        tape.watch(numbers)
        code = BinaryCode()(numbers)
    np.testing.assert_array_equal(code, np.where(numbers >= 0, 1, -1))
    slope = 1 - np.tanh(numbers.numpy().astype("float64")) ** 2
    np.testing.assert_allclose(
        tape.gradient(code, numbers), slope, atol=1e-6
    )
    np.testing.assert_array_equal(
        BinaryCode(binary=False)(numbers), tf.tanh(numbers)
    )


def test_the_pool_fills_then_exchanges():
    """What goes out and what stays, each fake once."""
    pool = ImagePool(6, (2,), keras.random.SeedGenerator(0))
    batches = np.arange(80, dtype="float32").reshape(10, 4, 2)
    np.testing.assert_array_equal(pool.exchange(batches[0]), batches[0])
    held = np.asarray(pool.fakes)[np.asarray(pool.filled) > 0]
    np.testing.assert_array_equal(np.sort(held[:, 0]), batches[0, :, 0])
    out = np.asarray(pool.exchange(batches[1]))
    # The two empty places took fakes that went out as well.
    assert np.asarray(pool.filled).all()
    assert len(set(out[:, 0]) & set(batches[1, :, 0])) >= 2
    old = 0
    for batch in batches[2:]:
        before = np.asarray(pool.fakes).copy()
        out = np.asarray(pool.exchange(batch))
        after = np.asarray(pool.fakes)
        assert sorted([*before[:, 0], *batch[:, 0]]) == sorted(
            [*out[:, 0], *after[:, 0]]
        )
        swapped = (out != batch).any(1)
        assert set(after[:, 0]) >= set(batch[swapped, 0])
        old += swapped.sum()
    assert 6 <= old <= 26  # of 32, even odds; 1 in 1000 lies outside


def test_a_pool_smaller_than_the_batch():
    pool = ImagePool(2, (1,), keras.random.SeedGenerator(1))
    fakes = np.arange(5, dtype="float32")[:, None]
    np.testing.assert_array_equal(pool.exchange(fakes), fakes)
    for _ in range(5):
        out = np.asarray(pool.exchange(fakes + 10))
        np.testing.assert_array_equal(out[2:], fakes[2:] + 10)
    assert set(np.asarray(pool.fakes)[:, 0]) <= {10.0, 11.0}
