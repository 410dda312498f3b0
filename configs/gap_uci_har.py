"""GAP on smartphone activities: who it is is private, what he does is not.

    python -m kprivacy.train --config=configs/gap_uci_har.py --workdir=W

The windows of each person are divided by recording. About four minutes on a
core of an x86 server; fresh attackers name 4.1 % of the people (18.8 %
undefended) and classifiers 92.1 % of the activities (93.3 %), means of three
seeds. See docs/results/gap_har.md.
"""

from kprivacy.configs import gap_base
from kprivacy.configs.common import check_variant


def get_config(variant=None):
    """Returns the config; `variant` may be "paper" or "smoke"."""
    check_variant(variant, ("paper", "smoke"))
    config = gap_base.gap("recordings:uci_har", "subject")
    config.public.activity = gap_base.attribute("label")
    config.data.group = "bout"
    config.data.standardise = True
    config.data.train_split = "defender[4%:60%]"
    config.data.adversary_split = "defender[4%:60%]"
    config.data.attacker_split = "attacker+defender[60%:]"
    if variant == "paper":
        gap_base.high_privacy(config)
        config.rounds_per_epoch = 20
        return config
    gap_base.improved(config)
    # What is kept, the activity, has room in a few numbers with noise on each;
    # whoever walks has not.
    config.client.network = "autoencoder"
    config.client.code = 8
    config.client.amplitude = 0.7
    config.client.residual = False
    config.model.privacy_weight = 3.0
    if variant == "smoke":
        gap_base.shrink(config)
    return config


def get_sweep():
    """A sweep of lambda, as overrides of single fields."""
    return [{"model.privacy_weight": weight} for weight in (0.03, 0.3, 1.0)]
