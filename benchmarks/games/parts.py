"""What all games share: a batch, its labels, an optimizer."""

import keras
import numpy as np

BATCH, RATE = 64, 2e-4


def images(*shape):
    generator = np.random.default_rng(0)
    return generator.random((BATCH, *shape), np.float32)


def labels(count):
    generator = np.random.default_rng(1)
    return generator.integers(0, count, BATCH).astype(np.int32)


def adam():
    return keras.optimizers.Adam(RATE)
