"""GAP on the 1,797 embedded digits: parity is private, without network.

    python -m kprivacy.train --config=configs/gap_digits.py --workdir=W
"""

from kprivacy.configs import gap_base
from kprivacy.configs.common import check_variant


def get_config(variant=None):
    """Returns the config; `variant` may be "smoke"."""
    check_variant(variant, ("smoke",))
    config = gap_base.gap("digits", "label", variant)
    if variant is None:
        config.private = gap_base.attribute("label", groups=gap_base.PARITY)
        config.public.half = gap_base.attribute(
            "label", groups=gap_base.PAIRS
        )
        config.epochs = 20
    return config


def get_sweep():
    """A sweep of lambda, as overrides of single fields."""
    return gap_base.privacy_weight_sweep()
