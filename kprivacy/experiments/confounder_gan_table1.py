"""Table 1 of ConfounderGAN's paper: trainers with other networks.

The noise is made with a ResNet-18 in mind, the trainer's network is another
one, of a quarter of the original width, trained with flip and crop, or, in rows
`+none` of the first two, without augmentation: the paper names no augmentation
for this table, and its settings are fixed "unless otherwise explicitly stated".
lenet and mlp are not in the paper. `confounder_gan_ensemble` is made with a
ResNet-50 beside the ResNet-18 in mind, `confounder_gan_contrast` with one that
sees noise about grey. Columns as in confounder_gan_table2.

`confounder_gan` is more than the paper's method: its generator holds a
classifier that was trained on labels (the guide) and a learnt square of coarse
cells for each class, weighted by what the guide sees, which is class-wise
noise by predicted class. `confounder_gan_paper`, the paper's losses alone, is
for vgg11 only.
"""

from kprivacy.experiments import confounder_bench, confounder_pages
from kprivacy.experiments.confounder_bench import PROFILES, RUNS, rows

__all__ = ["PROFILES", "RUNS", "SEEDS", "cells", "draw", "notes", "rows"]

SEEDS = (0,)
DATA = ("cifar10_subset",)
NETWORKS = ("vgg11", "resnet50", "densenet121", "lenet", "mlp")
METHODS = ("natural", "confounder_gan", "emn")
# Only for the first network.
BESIDE = ("confounder_gan_paper",)
# For the first three.
CONTRAST = "confounder_gan_contrast"
# Only for the second.
ENSEMBLE = "confounder_gan_ensemble"
AUGMENTATION = "flip+crop"
# What the first two are also trained with, against ours alone.
BARE = "none"
GOAL = 0.25


def cells(profile):
    """Every network with every method."""
    sets = confounder_bench.sets(DATA, profile)
    networks = ("lenet", "mlp") if profile == "smoke" else NETWORKS
    return confounder_bench.cells([
        (name, network, method, SEEDS,
         {"network": network, "augmentation": AUGMENTATION})
        for methods, chosen in ((METHODS, networks), (BESIDE, networks[:1]))
        for name in sets for network in chosen for method in methods
    ] + [
        (name, f"{network}+{BARE}", METHODS[1], SEEDS,
         {"network": network, "augmentation": BARE})
        for name in sets for network in networks[:2]
    ] + [
        (name, networks[1], ENSEMBLE, SEEDS,
         {"network": networks[1], "augmentation": AUGMENTATION})
        for name in sets
    ] + [
        (name, network, CONTRAST, SEEDS,
         {"network": network, "augmentation": AUGMENTATION})
        for name in sets for network in networks[:3]
    ] + [
        (confounder_bench.SECOND, networks[0], method, SEEDS,
         {"network": networks[0], "augmentation": AUGMENTATION})
        for method in METHODS if profile == "cpu"
    ], profile)


def notes(results):
    """Which goals are met."""
    name = confounder_bench.real(DATA[0], results["profile"])
    return confounder_pages.judged(results, {
        f"{name}:{network}{bare}:confounder_gan": GOAL
        for bare in ("", f"+{BARE}") for network in NETWORKS[:3]
    } | {
        f"{name}:{network}:{method}": GOAL
        for method in (ENSEMBLE, CONTRAST) for network in NETWORKS[:3]
    })


def draw(path, results, runs):
    """Accuracies of all rows."""
    confounder_pages.bars(path, results)
