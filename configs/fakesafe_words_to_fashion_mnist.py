"""FakeSafe from the vectors of words to Fashion-MNIST.

    python -m kprivacy.train \\
        --config=configs/fakesafe_words_to_fashion_mnist.py --workdir=W

The variable KPRIVACY_GLOVE names a file of GloVe vectors, such as
glove.6B.50d.txt.
"""

from kprivacy.configs import fakesafe_base


def get_config(variant=None):
    """Returns the config; `variant`: "convolutional", "paper" or "smoke"."""
    return fakesafe_base.fakesafe("words:glove:all", "fashion_mnist", variant)


def get_sweep():
    """A sweep of the cycle loss's weight, as overrides of single fields."""
    return fakesafe_base.cycle_weight_sweep()
