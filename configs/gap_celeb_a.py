"""GAP on CelebA through TFDS, with the report's settings: Smiling is private.

    python -m kprivacy.train --config=configs/gap_celeb_a.py --workdir=W \\
        --config.data.download=true

Not run here: TFDS fetches CelebA from Google Drive, 1.4 GB. 35,000 faces for
training, as in the report, in two halves, one for each side. Variants: "low"
is the report's low-privacy regime, "multi_task" keeps other attributes, its
future work.
"""

from kprivacy.configs import gap_base
from kprivacy.configs.common import check_variant

KEPT = ("Male", "Young", "Eyeglasses", "Blond_Hair", "Wearing_Hat")


def get_config(variant=None):
    """Returns the config; `variant`: "low", "multi_task" or "smoke"."""
    check_variant(variant, ("low", "multi_task", "smoke"))
    config = gap_base.gap("celeb_a", "label")
    config.data.label = "attributes/Smiling"
    config.data.image_size = (64, 64)
    config.data.train_split = "defender[:17500]"
    config.data.adversary_split = "defender[17500:35000]"
    config.data.validation_split = "defender[35000:36000]"
    config.data.attacker_split = "attacker[:15000]"
    config.data.test_split = "test[:10000]"
    if variant == "low":
        gap_base.low_privacy(config)
    else:
        gap_base.high_privacy(config)
        config.model.privacy_weight = 0.3
    if variant == "multi_task":
        for name in KEPT:
            config.public[name.lower()] = gap_base.attribute(
                f"attributes/{name}"
            )
    if variant == "smoke":
        gap_base.shrink(config)
    return config


def get_sweep():
    """A sweep of lambda, as overrides of single fields."""
    return gap_base.privacy_weight_sweep()
