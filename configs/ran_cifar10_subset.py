"""RAN on 10,000 pictures of CIFAR-10, with AlexNet.

    python -m kprivacy.train --config=configs/ran_cifar10_subset.py --workdir=W

AlexNet in its form for small pictures, at a quarter of its width. See
docs/results/ran_figure3.md for what it reaches.
"""

from kprivacy.configs import common


def get_config(variant=None):
    """Returns the config; `variant` may be "paper" or "smoke"."""
    common.check_variant(variant, ("paper", "smoke"))
    config = common.ran("cifar10_subset", variant)
    if variant == "smoke":
        common.deep(config, "alexnet", (4, 4, 4, 4, 4))
        return config
    common.deep(config, "alexnet", (24, 48, 64, 64, 48))
    config.epochs = 5
    config.batch_size = 64
    config.server.dropout = 0.3
    if variant is None:
        common.improved(config)
        config.model.utility_weight = 0.998
        config.model.compactness_weight = 2.0
    return config


def get_sweep():
    """The sweep of lambda, as overrides of single fields."""
    return common.utility_weight_sweep()
