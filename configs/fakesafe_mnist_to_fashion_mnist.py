"""FakeSafe from MNIST to Fashion-MNIST.

    python -m kprivacy.train \\
        --config=configs/fakesafe_mnist_to_fashion_mnist.py --workdir=W
"""

from kprivacy.configs import fakesafe_base


def get_config(variant=None):
    """Returns the config; `variant`: "convolutional", "paper" or "smoke"."""
    return fakesafe_base.fakesafe("mnist", "fashion_mnist", variant)


def get_sweep():
    """A sweep of the cycle loss's weight, as overrides of single fields."""
    return fakesafe_base.cycle_weight_sweep()
