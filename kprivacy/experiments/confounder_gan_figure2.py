"""Figure 2 of ConfounderGAN's paper: a patch for each class is a confounder.

As in confounder_gan_figure4, on its first two sets: cwp puts a random patch
of 36/224 of a side, the same for all pictures of a class, into the lower right
corner; cwn adds one bounded pattern for each class. The picture, of
cifar10_subset, has four pictures of two classes as cwp publishes them, and the
accuracies on what was published and on clean pictures after each epoch. The
paper has 70.9 and 35.4 % on ImageNet25.
"""

from kprivacy.experiments import confounder_bench, confounder_pages
from kprivacy.experiments.confounder_bench import PROFILES, RUNS, rows

__all__ = ["PROFILES", "RUNS", "SEEDS", "cells", "draw", "notes", "rows"]

SEEDS = (0,)
DATA = "cifar10_subset"
METHODS = ("natural", "cwp", "cwn")
SHOWN = 4


def cells(profile):
    """Every method, without augmentation."""
    return confounder_bench.cells([
        (name, "none", method, SEEDS, {"augmentation": "none"})
        for name in confounder_bench.both(DATA, profile)
        for method in METHODS
    ], profile)


def notes(results):
    """What the patches take from the trainer."""
    found = {row["name"]: row["measured"]["accuracy"]
             for row in results["rows"]}
    for data in confounder_bench.both(DATA, results["profile"]):
        natural, patched = (
            found.get(f"{data}:none:{method}")
            for method in ("natural", "cwp")
        )
        if None not in (natural, patched):
            yield (
                f"`{data}`: patches take {100 * (natural - patched):.1f} "
                "points."
            )


def draw(path, results, runs):
    """Pictures with patches, above the accuracies over the epochs."""
    from matplotlib.figure import Figure

    from kprivacy import pictures

    profile = results["profile"]
    data = confounder_bench.real(DATA, profile)
    config = confounder_bench.config_of(
        data, "cwp", SEEDS[0], profile, augmentation="none"
    )
    natural = confounder_bench.Parts.of(config).natural
    sent = confounder_bench.published(config, runs, natural)
    figure = Figure(figsize=(9, 6.5), dpi=80, layout="constrained")
    above, below = figure.subfigures(2, height_ratios=(2, 3))
    pictures.fill(above, {
        f"class {label}": sent.data[natural.labels == label][:SHOWN]
        for label in (0, 1)
    }, SHOWN)
    for axis, key in zip(below.subplots(1, 2), ("train", "test")):
        confounder_pages.curves(axis, results, data, key)
        axis.set_ylabel({
            "train": "accuracy on what was published",
            "test": "accuracy on clean pictures",
        }[key])
    axis.legend(fontsize=8)
    pictures.write(path, figure)
