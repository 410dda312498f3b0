"""RAN on Fashion-MNIST."""

from kprivacy.configs import common


def get_config(variant=None):
    """Returns the config; `variant` may be "paper" or "smoke"."""
    return common.ran_images("fashion_mnist", variant)


def get_sweep():
    """The paper's sweep of lambda, as overrides of single fields."""
    return common.utility_weight_sweep()
