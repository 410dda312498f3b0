"""Builders of sets that TensorFlow Datasets does not hold.

They are imported one by one, where they are needed: they import TFDS.
"""

import importlib

NAMES = {
    "bloodmnist": "Bloodmnist",
    "bloodmnist_subset": "BloodmnistSubset",
    "cifar10_subset": "Cifar10Subset",
    "esc10": "Esc10",
    "houses": "Houses",
    "imagenet25": "Imagenet25",
    "isic2017": "Isic2017",
    "keratitis": "Keratitis",
    "olivetti_faces": "OlivettiFaces",
    "ubisound": "Ubisound",
    "uci_har": "UciHar",
}


def find(name):
    """The builder class of one of `NAMES`."""
    module = importlib.import_module(f"{__name__}.{name}")
    return getattr(module, NAMES[name])
