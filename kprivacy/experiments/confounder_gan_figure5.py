"""Figure 5 of ConfounderGAN's paper: only some pictures are protected.

Of 10,000 pictures of CIFAR-10 the share p is known to the protection, which is
trained on it and protects it; the trainer (as in confounder_gan_table2, with
flip and crop) has all. `natural` is nothing protected, that table's row;
`clean_part` what is not protected, alone, with as many steps as on all, in 200
epochs at most; `emn` and `confounder_gan` have the rest as it is;
`confounder_gan_out` has the rest protected as well, by a generator that has
never seen it and is told no labels (out-of-distribution).

`confounder_gan` is more than the paper's method: its generator holds a
classifier that was trained on labels (the guide) and a learnt square of coarse
cells for each class, weighted by what the guide sees, which is class-wise
noise by predicted class. `confounder_gan_paper` and
`confounder_gan_paper_out`, at p = 50, are the paper's losses alone.
bloodmnist_subset, at eps 16/255, was run at p = 50.
"""

import dataclasses
import functools

import numpy as np

from kprivacy.experiments import (
    confounder_bench,
    confounder_pages,
    summaries,
)
from kprivacy.experiments.confounder_bench import PROFILES, RUNS, rows

__all__ = ["PROFILES", "RUNS", "SEEDS", "cells", "draw", "notes", "rows"]

SEEDS = (0,)
DATA = "cifar10_subset"
# p to the slice that is known; the defender's part is 5/6 of all.
SHARES = {25: "defender[:30%]", 50: "defender[:60%]", 75: "defender[:90%]"}
NATURAL, AUGMENTATION = "natural", "flip+crop"
LINES = ("clean_part", "emn", "confounder_gan", "confounder_gan_out")
# Run at one share alone.
PAPER = ("confounder_gan_paper", "confounder_gan_paper_out")
WHOLE = 50
SMOKE = "defender[:32]"
# That protect what they have not seen.
METHODS = ("confounder_gan", "confounder_gan_paper")
GOAL = 0.20


def cells(profile):
    """Every share on every line, then the paper's losses at one."""
    shares = {WHOLE: SMOKE} if profile == "smoke" else SHARES
    yield from confounder_bench.cells([
        (name, AUGMENTATION, NATURAL, SEEDS, {"augmentation": AUGMENTATION})
        for name in confounder_bench.both(DATA, profile)
    ], profile)
    for share, split in shares.items():
        for line in LINES:
            yield cell(DATA, share, split, line, profile, AUGMENTATION)
    for line in PAPER:
        yield cell(DATA, WHOLE, shares[WHOLE], line, profile, AUGMENTATION)
    for name in confounder_bench.both(DATA, profile)[1:]:
        for line in LINES:
            yield cell(name, WHOLE, SHARES[WHOLE], line, profile, AUGMENTATION)


def cell(data, share, split, line, profile, augmentation):
    """One point of one line.

    Args:
        data: Name of the data set.
        share: p, for the cell's name.
        split: The slice that is known.
        line: "clean_part", or a method, with "_out" for all
            protected and "_alone" for what is known and nothing else.
        profile: As for `confounder_bench.config_of`.
        augmentation: The trainer's.
    """
    method = "confounder_gan" if line == "clean_part" else method_of(line)
    data = confounder_bench.real(data, profile)
    config = confounder_bench.config_of(
        data, method, SEEDS[0], profile, augmentation=augmentation
    )
    config.protection.name = f"{data}_p{share}"
    return (
        f"{data}/p{share}/{line}/{SEEDS[0]}",
        config,
        functools.partial(run, line=line, split=split),
    )


def method_of(line):
    """Whose noise a line has."""
    return line.removesuffix("_out").removesuffix("_alone")


def run(config, directory, line, split):
    """Protects what is known, and the rest if the line says so; trains."""
    runs = confounder_bench.runs_of(directory)
    parts = confounder_bench.Parts.of(config)
    inner = config.copy_and_resolve_references()
    inner.data.train_split = split
    known = confounder_bench.Parts.of(inner).natural
    whole = parts.natural
    where = _places(known, whole)
    sent = whole
    if line != "clean_part":
        data = whole.data.copy()
        data[where] = confounder_bench.published(inner, runs, known).data
        if line.endswith("_out"):
            client = confounder_bench.generator_of(inner, runs).client
            data[~where] = client.predict(
                whole.data[~where], batch_size=500, verbose=0
            )
        sent = dataclasses.replace(whole, data=data)
    if line == "clean_part" or line.endswith("_alone"):
        kept = ~where if line == "clean_part" else where
        sent, whole = sent.take(kept), whole.take(kept)
        where = np.ones(len(sent), bool)
    result, _ = confounder_bench.train(config, sent, parts)
    if line.endswith("_out"):
        where = np.ones(len(sent), bool)
    return confounder_bench.found_of(
        result, sent.take(where), whole.take(where)
    )


def _places(known, whole):
    """Which of all pictures are the known ones: they come first, in order."""
    where = np.zeros(len(whole), bool)
    where[: len(known)] = True
    if not np.array_equal(whole.data[where], known.data):
        raise ValueError("The known part must be the begin of the whole.")
    return where


def notes(results):
    """What the newly protected pictures take from the trainer."""
    found = {row["name"]: row for row in results["rows"]}
    for data in confounder_bench.both(DATA, results["profile"]):
        for share in SHARES:
            for method in METHODS:
                name = f"{data}:p{share}:{method}"
                pair = [found.get(name), found.get(f"{name}_out")]
                if all(pair):
                    yield _less(data, share, method, pair)


def _less(data, share, method, pair):
    """A sentence on the known pictures protected, and on all."""
    part, whole = (row["measured"]["accuracy"] for row in pair)
    less = part - whole
    goal = ""
    if share == WHOLE:
        goal = f", goal >= {100 * GOAL:.0f}: " + (
            "met" if less >= GOAL - confounder_pages.ROUNDING else "missed"
        )
    return (
        f"`{data}`, p = {share} %: protecting the rest as well by `{method}` "
        f"takes {100 * less:.2f} points{goal}, {summaries.of_seeds(*pair)}."
    )


def draw(path, results, runs):
    """Polylines over p, and points where one share was run."""
    from matplotlib.figure import Figure

    from kprivacy.experiments import plots

    sets = {}
    for row in results["rows"]:
        name, label, line = row["name"].split(":")
        sets.setdefault(name, {}).setdefault(line, []).append(
            (label, row["measured"]["accuracy"])
        )
    figure = Figure(figsize=(6 * len(sets), 4.2), dpi=90)
    axes = figure.subplots(1, len(sets), squeeze=False)[0]
    for axis, (name, points) in zip(axes, sets.items()):
        axis.set_title(name, fontsize=10)
        _polylines(axis, points)
    axes[0].set_ylabel("accuracy on clean pictures")
    plots.save(path, figure)


def _polylines(axis, points):
    ((_, natural),) = points.pop(NATURAL)
    axis.axhline(natural, color="grey", label=NATURAL)
    for line, found in points.items():
        places = sorted((int(label[1:]), value) for label, value in found)
        axis.plot(*zip(*places), marker="o", label=line)
    axis.set(xlim=(0, 100), ylim=(0, 1), xticks=sorted(SHARES))
    axis.set_xlabel("p, % of the pictures that are protected and known")
    axis.legend(fontsize=8)
