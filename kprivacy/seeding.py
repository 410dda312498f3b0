"""Seeds for what runs beside a training, without disturbing it."""

import contextlib
import random

import numpy as np


@contextlib.contextmanager
def seeded(seed):
    """Seeds Python and NumPy within the block, and puts them back after it.

    Keras draws the weights of new layers from Python's generator.
    TensorFlow's own seed stays: setting it would start the random operations
    of a running training again.

    Args:
        seed: An int.
    """
    states = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
