"""Figure 4 of ConfounderGAN's paper: what a trainer learns of all data sets.

Everything that the trainer has is protected; his ResNet-18 has a quarter of
the original width and no augmentation. eps is 8/255 on cifar10_subset, 16/255
on bloodmnist_subset and 10,000 pictures of fashion_mnist; rows of
`confounder_gan` on the first two have three seeds, the others one. The picture
has the test accuracy after each epoch, and below it the norm of the gradient of
the loss of a batch of what was published, which is how much is left to learn
from it (the paper's Appendix A asks for it). Columns as in
confounder_gan_table2.
"""

from kprivacy.experiments import confounder_bench
from kprivacy.experiments.confounder_bench import RUNS, rows

__all__ = ["RUNS", "SEEDS", "cells", "draw", "notes", "rows"]

SEEDS = (0, 1, 2)
DATA = ("cifar10_subset", "bloodmnist_subset", "fashion_mnist")
METHODS = ("natural", "confounder_gan", "confounder_gan_paper", "emn")
GOALS = {"cifar10_subset": 0.12, "bloodmnist_subset": 0.31}


def cells(profile):
    """Every set with every method."""
    sets = DATA if profile == "cpu" else DATA[:1]
    return confounder_bench.cells([
        (name, "none", method,
         SEEDS if name in GOALS and method == METHODS[1] else SEEDS[:1],
         {"augmentation": "none"})
        for name in sets for method in METHODS
    ], profile)


def notes(results):
    """Which goals are met."""
    return confounder_bench.judged(results, {
        f"{name}:none:confounder_gan": goal for name, goal in GOALS.items()
    })


def draw(path, results, runs):
    """Test accuracies and gradients over the epochs, the first seed's."""
    from matplotlib.figure import Figure

    from kprivacy.experiments import plots

    sets = dict.fromkeys(row["name"].split(":")[0] for row in results["rows"])
    figure = Figure(figsize=(4.5 * len(sets), 7.2), dpi=80)
    above, below = figure.subplots(2, len(sets), squeeze=False)
    for name, upper, lower in zip(sets, above, below):
        confounder_bench.curves(upper, results, name, "test")
        confounder_bench.curves(lower, results, name, "gradient_norms")
        lower.set_yscale("log")
    above[0].set_ylabel("accuracy on clean pictures")
    below[0].set_ylabel("gradient norm")
    above[0].legend(fontsize=8)
    plots.save(path, figure)
