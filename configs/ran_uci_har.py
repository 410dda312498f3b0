"""RAN on the smartphone activities of UCI HAR, divided by subject.

    python -m kprivacy.train --config=configs/ran_uci_har.py --workdir=W

Windows of 128 x 9 in standard units; LeNet in one dimension, as the paper
has it. See
docs/results/ran_figure3.md for what it reaches.
"""

from kprivacy.configs import common


def get_config(variant=None):
    """Returns the config; `variant` may be "paper" or "smoke"."""
    common.check_variant(variant, ("paper", "smoke"))
    config = common.ran("uci_har", variant)
    config.data.standardise = variant != "smoke"
    if variant == "smoke":
        return config
    config.batch_size = 64
    config.data.train_split = "defender[15%:]"
    config.data.validation_split = "defender[:15%]"
    config.server.dropout = 0.3
    if variant is None:
        common.improved(config)
        config.client.filters = (32, 64, 64)
        config.client.bottleneck = 8
    return config


def get_sweep():
    """The sweep of lambda, as overrides of single fields."""
    return common.utility_weight_sweep()
