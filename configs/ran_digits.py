"""RAN on the 1,797 embedded digits: the demo, about a minute, no network."""

from kprivacy.configs import common


def get_config(variant=None):
    """Returns the config; `variant` may be "smoke"."""
    common.check_variant(variant, ("smoke",))
    config = common.ran("digits", variant)
    if variant == "smoke":
        return config
    common.improved(config)
    config.epochs = 15
    config.batch_size = 32
    config.attack.steps = 240
    return config
