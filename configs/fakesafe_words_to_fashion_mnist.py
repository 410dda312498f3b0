"""FakeSafe from the vectors of words to Fashion-MNIST.

    python -m kprivacy.train \\
        --config=configs/fakesafe_words_to_fashion_mnist.py --workdir=W

The variable KPRIVACY_GLOVE names a file of GloVe vectors, such as
glove.6B.50d.txt.
"""

from kprivacy.configs import fakesafe_base


def get_config(variant=None):
    """Returns the config; `variant` may be "paper" or "smoke"."""
    config = fakesafe_base.fakesafe("words:glove:all", "fashion_mnist", variant)
    if variant != "smoke":
        config.client.units = (64, 256, 512, 1024)  # the paper's, of words
        config.server.units = (128, 256, 512, 1024)
        config.server.dropout = 0.2
    return config


def get_sweep():
    """A sweep of the cycle loss's weight, as overrides of single fields."""
    return [{"model.cycle_weight": c} for c in (1.0, 3.0, 10.0, 30.0)]
