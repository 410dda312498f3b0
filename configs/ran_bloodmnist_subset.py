"""RAN with VGG-16 on blood cells: the deep network, on a small set.

    python -m kprivacy.train --config=configs/ran_bloodmnist_subset.py \\
        --workdir=W

VGG-16 at an eighth of its width. `configs/ran_imagenet2012.py` has the
network and the set that the paper used. See docs/results/ran_figure3.md for
what this one reaches.
"""

from kprivacy.configs import common


def get_config(variant=None):
    """Returns the config; `variant` may be "paper" or "smoke"."""
    common.check_variant(variant, ("paper", "smoke"))
    config = common.ran("bloodmnist_subset", variant)
    if variant == "smoke":
        common.deep(config, "vgg", (2, 2, 2, 2, 2))
        return config
    common.deep(config, "vgg", (8, 16, 32, 64, 64))
    config.epochs = 3 if variant == "paper" else 6
    config.batch_size = 64
    if variant is None:
        common.improved(config)
        config.model.utility_weight = 0.998
        config.model.compactness_weight = 2.0
    return config


def get_sweep():
    """The sweep of lambda, as overrides of single fields."""
    return common.utility_weight_sweep()
