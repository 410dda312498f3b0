"""The four games, each as kprivacy, as a bare TensorFlow loop, and in PyTorch.

All three train the same networks from the same weights on the same batches,
with the objectives of the papers. A game has `models`, the Keras networks by
their role; `examples`, arrays of one batch; `ours`, the compiled kprivacy
model; `bare`, a train step of TensorFlow written out; and `plain`, one of
PyTorch on translated networks.
"""

import keras

from benchmarks.games.confounder_gan import ConfounderGan
from benchmarks.games.fakesafe import FakeSafe
from benchmarks.games.gap import Gap
from benchmarks.games.parts import BATCH, RATE
from benchmarks.games.ran import Ran

__all__ = ["BATCH", "RATE", "build", "names"]

GAMES = {"ran": Ran, "gap": Gap, "fakesafe": FakeSafe,
         "confounder_gan": ConfounderGan}


def names():
    return tuple(GAMES)


def build(name):
    """A new game, its weights always the same."""
    keras.utils.set_random_seed(0)
    return GAMES[name]()
