"""ConfounderGAN on BloodMNIST, 17,092 blood cells.

    python -m kprivacy.train --workdir=W \\
        --config=configs/confounder_gan_bloodmnist.py

It is fetched with `--config.data.download=True`. Not run here: it has the
paper's size, for accelerators. Variants: "paper" has the paper's losses
alone, "guided" a guide without squares, "joint" a discriminator that works,
"ensemble" two classifiers f, "contrast" f that sees noise about grey, "jpeg" f
that sees that after JPEG; see docs/confounder_gan.md.
"""

from kprivacy.configs import confounder_gan_base


def get_config(variant=None):
    """Returns the config; `variant` is None or one of those above."""
    return confounder_gan_base.full_size("bloodmnist", variant, 16 / 255)


def get_sweep():
    """A sweep of the hinge's weight, as overrides of single fields."""
    return confounder_gan_base.hinge_weight_sweep()
