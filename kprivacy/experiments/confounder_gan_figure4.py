"""Figure 4 of ConfounderGAN's paper: what a trainer learns of all data sets.

Everything that the trainer has is protected; his ResNet-18 has a quarter of
the original width and no augmentation. eps is 8/255 on cifar10_subset, 16/255
on bloodmnist_subset and 10,000 pictures of fashion_mnist; rows of
`confounder_gan` on the first two have three seeds where all are done, the
others one. Who always names the largest class is right for 10 %, of
bloodmnist_subset for 19.5 %. The picture has the test accuracy after each
epoch, and below it the norm of the gradient of the loss of a batch of what was
published, which is how much is left to learn from it (the paper's Appendix A
asks for it). Columns as in confounder_gan_table2; of fashion_mnist there are
1,000 clean pictures to stop by.

`confounder_gan` is more than the paper's method: its generator holds a
classifier that was trained on labels (the guide) and a learnt square of coarse
cells for each class, weighted by what the guide sees, which is class-wise
noise by predicted class. `confounder_gan_paper` is the paper's losses alone,
`confounder_gan_contrast` ours with a classifier that sees noise about grey.
`shuffled`, of the sets with goals, is the control: each picture has the noise
that `confounder_gan` made for another one, whatever its class. What the trainer
loses by that he loses because his pictures are not those of the test, not to a
confounder.

Rows `p90`, as in the paper's (c) and (d), which are of other sets: 90 % of the
pictures are known to the protection and protected. `clean_part` is the other 10
% alone, in 200 epochs, `emn` and `confounder_gan` have both, `emn_alone` and
`confounder_gan_alone` what is protected and nothing else.
"""

import numpy as np

from kprivacy.experiments import (
    confounder_bench,
    confounder_gan_figure5,
    confounder_pages,
)
from kprivacy.experiments.confounder_bench import PROFILES, RUNS, rows

__all__ = ["PROFILES", "RUNS", "SEEDS", "cells", "draw", "notes", "rows"]

SEEDS = (0, 1, 2)
DATA = ("cifar10_subset", "bloodmnist_subset", "fashion_mnist")
METHODS = ("natural", "confounder_gan", "emn")
PAPER, CONTRAST = "confounder_gan_paper", "confounder_gan_contrast"
CONTROL = "shuffled"  # only of the sets with goals
GOALS = {"cifar10_subset": 0.12, "bloodmnist_subset": 0.31}
SHARE = 90
# The defender's part is 5/6 of all.
KNOWN = "defender+attacker[:40%]"
LINES = ("clean_part", "emn", "confounder_gan", "emn_alone",
         "confounder_gan_alone")


def cells(profile):
    """Every set with every method, then a set of which 90 % are known."""
    sets = confounder_bench.sets(DATA, profile)
    aimed = {confounder_bench.real(name, profile) for name in GOALS}
    yield from confounder_bench.cells([
        (name, "none", method,
         SEEDS if name in aimed and method == METHODS[1] else SEEDS[:1],
         {"augmentation": "none"})
        for name in sets
        for method in (
            *METHODS, PAPER, *([CONTROL] if name in aimed else ())
        )
    ] + [(sets[0], "none", CONTRAST, SEEDS[:1], {"augmentation": "none"})],
        profile)
    known = confounder_gan_figure5.SMOKE if profile == "smoke" else KNOWN
    for line in LINES:
        yield confounder_gan_figure5.cell(
            DATA[0], SHARE, known, line, profile, "none"
        )


def notes(results):
    """Which goals are met, and what the noise does without the labels."""
    names = {confounder_bench.real(name, results["profile"]): goal
             for name, goal in GOALS.items()}
    yield from confounder_pages.judged(results, {
        f"{name}:none:confounder_gan": goal for name, goal in names.items()
    })
    found = {row["name"]: row["measured"]["accuracy"]
             for row in results["rows"]}
    for name in confounder_bench.sets(DATA, results["profile"]):
        ours, emn = (found.get(f"{name}:none:{METHODS[i]}") for i in (1, -1))
        if ours is not None and emn is not None:
            yield (
                f"`{name}`: {'below' if ours < emn else 'not below'} EMN, "
                f"which leaves {emn:.1%}, one seed."
            )
        yield from _gradients(results, name)
        control = found.get(f"{name}:none:{CONTROL}")
        if control is not None:
            yield (
                f"`{name}:none:{CONTROL}`: the same noise, that says nothing "
                f"of the class, leaves {control:.1%}, one seed."
            )


def _gradients(results, name):
    """How much was left to learn, over the whole training."""
    held = {row["name"]: row["seeds"][0].get("gradient_norms")
            for row in results["rows"]}
    said = [
        f"{np.median(held[f'{name}:none:{method}']):.3f} (`{method}`)"
        for method in METHODS if held.get(f"{name}:none:{method}")
    ]
    if len(said) > 1:
        yield (
            f"`{name}`: the norm of a batch's gradient, the median of all "
            f"epochs, is {', '.join(said)}, one seed."
        )


def draw(path, results, runs):
    """Test accuracies and gradients over the epochs, the first seed's."""
    from matplotlib.figure import Figure

    from kprivacy.experiments import plots

    sets = dict.fromkeys(
        tuple(row["name"].split(":")[:2]) for row in results["rows"]
    )
    figure = Figure(figsize=(4.5 * len(sets), 7.2), dpi=80)
    above, below = figure.subplots(2, len(sets), squeeze=False)
    for (name, label), upper, lower in zip(sets, above, below):
        confounder_pages.curves(upper, results, name, "test", label)
        confounder_pages.curves(
            lower, results, name, "gradient_norms", label
        )
        if label != "none":
            for axis in (upper, lower):
                axis.set_title(f"{name}, {label}", fontsize=10)
        lower.set_yscale("log")
        if label != "none" or upper is above[0]:
            upper.legend(fontsize=8)
    above[0].set_ylabel("accuracy on clean pictures")
    below[0].set_ylabel("gradient norm")
    plots.save(path, figure)
