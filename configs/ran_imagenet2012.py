"""RAN on ImageNet with VGG-16 at 224 x 224, the paper's third task.

    python -m kprivacy.train --config=configs/ran_imagenet2012.py --workdir=W

needs ILSVRC2012 as TFDS prepares it (the archives in manual_dir, see
https://www.tensorflow.org/datasets/catalog/imagenet2012), an accelerator and
days; it has not been run here. `configs/ran_bloodmnist_subset.py` is the same
network, narrower, on a set that two cores can train.
"""

from kprivacy.configs import common

VGG16 = (64, 128, 256, 512, 512)


def get_config(variant=None):
    """Returns the config; `variant` may be "smoke"."""
    common.check_variant(variant, ("smoke",))
    config = common.ran("imagenet2012", variant)
    if variant == "smoke":
        common.deep(config, "vgg", (2, 2, 2, 2, 2))
        return config
    common.deep(config, "vgg", VGG16)
    config.epochs = 74
    config.batch_size = 256
    config.data.image_size = (224, 224)
    config.data.stream = True
    config.data.train_split = "defender"
    config.data.validation_split = "attacker[:5000]"
    config.data.attacker_split = "attacker[5000:15000]"
    config.data.test_split = "test[:10000]"
    config.server.units = (4096, 4096)
    config.server.dropout = 0.5
    return config
