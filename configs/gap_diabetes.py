"""GAP on profiles: the sex of 442 patients is private, without network.

    python -m kprivacy.train --config=configs/gap_diabetes.py --workdir=W

Nine numbers a patient (age, body mass index, blood pressure, six blood
values), from scikit-learn; public is whether the disease goes on fast.
"""

from kprivacy.configs import gap_base
from kprivacy.configs.common import check_variant


def get_config(variant=None):
    """Returns the config; `variant` may be "smoke"."""
    check_variant(variant, ("smoke",))
    config = gap_base.gap("diabetes", "sex")
    config.public.fast = gap_base.attribute("label")
    config.data.train_split = "defender[6%:]"
    config.data.adversary_split = "defender[6%:]"
    config.data.validation_split = "defender[:6%]"
    config.batch_size = 32
    config.client.network = "dense"
    config.client.units = (32,)
    config.client.code = 16
    config.client.noise = 8
    config.client.residual = True
    config.server.units = config.adversary.units = (32,)
    config.model.objective = "maximum_entropy"
    if variant == "smoke":
        gap_base.shrink(config)
    return config


def get_sweep():
    """A sweep of lambda, as overrides of single fields."""
    return gap_base.privacy_weight_sweep()
