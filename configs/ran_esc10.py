"""RAN on ESC-10, environmental sounds as log-mel spectrograms.

    python -m kprivacy.train --config=configs/ran_esc10.py --workdir=W

It stands in for the paper's UbiSound; `--config.data.name=ubisound` takes
folders of your own recordings. See docs/results/ran_figure3.md for what it
reaches: with 80 clips to test on, one clip is 1.25 points.
"""

from kprivacy.configs import common


def get_config(variant=None):
    """Returns the config; `variant` may be "paper" or "smoke"."""
    common.check_variant(variant, ("paper", "smoke"))
    config = common.ran("esc10", variant)
    if variant == "smoke":
        return config
    config.epochs = 100
    config.batch_size = 16
    config.data.train_split = "defender[15%:]"
    config.data.validation_split = "defender[:15%]"
    config.server.dropout = 0.5
    if variant is None:
        common.improved(config)
        config.client.filters = (16, 32, 64, 64)
        config.client.kernel_size = 3
        config.model.utility_weight = 0.998
        config.model.compactness_weight = 2.0
    return config


def get_sweep():
    """The sweep of lambda, as overrides of single fields."""
    return common.utility_weight_sweep()
