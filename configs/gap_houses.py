"""GAP on photographs of houses: the price is private.

    python -m kprivacy.train --config=configs/gap_houses.py --workdir=W

The price in three classes of equal size, as the report proposes; in the
variant "value" as a number, as the report did it. Attackers are near the prior
with and without it. See docs/results/gap_houses.md.
"""

from kprivacy.configs import gap_base
from kprivacy.configs.common import check_variant


def get_config(variant=None):
    """Returns the config; `variant` may be "value" or "smoke"."""
    check_variant(variant, ("value", "smoke"))
    config = gap_base.gap("houses", "price")
    config.data.label = "zipcode"
    config.private = gap_base.attribute("price", bins=3)
    config.data.train_split = "defender[6%:60%]"
    config.data.adversary_split = "defender[6%:60%]"
    config.data.validation_split = "defender[:6%]"
    config.data.attacker_split = "attacker+defender[60%:]"
    gap_base.coded_images(config)
    config.batch_size = 32
    config.attack.steps = 200  # a few hundred photographs
    config.model.budget = 0.02
    if variant == "value":
        config.private = gap_base.attribute("price", real=True)
        config.model.objective = "cross_entropy"
        config.model.bounded = True
    if variant == "smoke":
        gap_base.shrink(config)
    return config


def get_sweep():
    """A sweep of the budget, as overrides of single fields."""
    return [{"model.budget": budget} for budget in (0.01, 0.02, 0.04)]
