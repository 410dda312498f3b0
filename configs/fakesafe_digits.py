"""FakeSafe from the 1,797 embedded digits to digits, without network.

    python -m kprivacy.train --config=configs/fakesafe_digits.py --workdir=W
"""

from kprivacy.configs import fakesafe_base


def get_config(variant=None):
    """Returns the config; `variant`: "convolutional", "paper" or "smoke"."""
    # Pictures of 8 x 8 made larger are no covers: a change would show.
    variant = variant or "convolutional"
    config = fakesafe_base.fakesafe("digits", "digits", variant)
    if variant == "convolutional":
        config.epochs = 10
        config.steps_per_epoch = 200
        config.batch_size = 32
        config.client.code = config.server.code = 32
        config.model.cycle_weight = 5.0
    return config


def get_sweep():
    """A sweep of the cycle loss's weight, as overrides of single fields."""
    return fakesafe_base.cycle_weight_sweep()
