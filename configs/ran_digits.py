"""RAN on the 1,797 embedded digits: what `make demo` trains, without network.

    python -m kprivacy.train --config=configs/ran_digits.py --workdir=W

takes half a minute on two cores of an x86 server; what it reaches on 359 test
digits is in the README.
"""

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
