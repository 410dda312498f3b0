"""ConfounderGAN on 10,000 pictures of CIFAR-10.

    python -m kprivacy.train --workdir=W \\
        --config=configs/confounder_gan_cifar10_subset.py

Variants: "paper" has the paper's losses alone, "guided" a guide without
squares, "joint" a discriminator that works, "ensemble" two classifiers f,
"contrast" f that sees noise about grey, "jpeg" f that sees that after JPEG. See
docs/confounder_gan.md.
"""

from kprivacy.configs import confounder_gan_base


def get_config(variant=None):
    """Returns the config; `variant` is None or one of those above."""
    config = confounder_gan_base.confounder_gan("cifar10_subset", variant)
    return config


def get_sweep():
    """A sweep of the hinge's weight, as overrides of single fields."""
    return confounder_gan_base.hinge_weight_sweep()
