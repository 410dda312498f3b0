"""ConfounderGAN on the first 25 classes of ImageNet at 224 x 224.

    python -m kprivacy.train --workdir=W \\
        --config=configs/confounder_gan_imagenet25.py

Needs a prepared imagenet2012, see docs/data.md. Not run here: it has the
paper's size, for accelerators. Variants: "paper" has the paper's losses
alone, "guided" a guide without squares, "joint" a discriminator that works,
"ensemble" two classifiers f, "contrast" f that sees noise about grey, "jpeg" f
that sees that after JPEG; see docs/confounder_gan.md.
"""

from kprivacy.configs import confounder_gan_base


def get_config(variant=None):
    """Returns the config; `variant` is None or one of those above."""
    config = confounder_gan_base.photographs("imagenet25", variant)
    if variant != "smoke":
        config.data.stream = True
        config.data.train_split = "defender"
        config.data.validation_split = "attacker[:1000]"
        # As many as are read into memory.
        config.classifier.train_split = "defender[:3000]"
        config.guide.train_split = "defender[:3000]"
    return config


def get_sweep():
    """A sweep of the hinge's weight, as overrides of single fields."""
    return confounder_gan_base.hinge_weight_sweep()
