"""ConfounderGAN on photographs of eyes at 224 x 224.

    python -m kprivacy.train --workdir=W \\
        --config=configs/confounder_gan_keratitis.py

Needs them in folders by hand, see docs/data.md. Not run here: it has the
paper's size, for accelerators. Variants: "paper" has the paper's losses
alone, "guided" a guide without squares, "joint" a discriminator that works,
"ensemble" two classifiers f, "contrast" f that sees noise about grey, "jpeg" f
that sees that after JPEG; see docs/confounder_gan.md.
"""

from kprivacy.configs import confounder_gan_base


def get_config(variant=None):
    """Returns the config; `variant` is None or one of those above."""
    return confounder_gan_base.photographs("keratitis", variant)


def get_sweep():
    """A sweep of the hinge's weight, as overrides of single fields."""
    return confounder_gan_base.hinge_weight_sweep()
