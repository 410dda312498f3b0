"""Figure 5 of ConfounderGAN's paper: only some pictures are protected.

Of 10,000 pictures of CIFAR-10 the share p is known to the protection, which
is trained on it and protects it; the trainer (as in confounder_gan_table2, with
flip and crop) has all. `natural` is nothing protected; `clean_part` what is
not protected, alone; `emn` and `confounder_gan` have the rest as it is;
`confounder_gan_out` has the rest protected as well, by a generator that has
never seen it and is told no labels (out-of-distribution).
"""

import dataclasses
import functools

import numpy as np

from kprivacy.experiments import confounder_bench, summaries
from kprivacy.experiments.confounder_bench import RUNS, rows

__all__ = ["RUNS", "SEEDS", "cells", "draw", "notes", "rows"]

SEEDS = (0,)
DATA = "cifar10_subset"
# p to the slice that is known; the defender's part is 5/6 of all.
SHARES = {25: "defender[:30%]", 50: "defender[:60%]", 75: "defender[:90%]"}
# The share at which `natural` is run, which is the same at all.
WHOLE = 50
LINES = ("natural", "clean_part", "emn", "confounder_gan",
         "confounder_gan_out")
GOAL = 0.20


def cells(profile):
    """Every share on every line."""
    shares = SHARES if profile == "cpu" else {50: "defender[:32]"}
    for share, split in shares.items():
        for line in LINES if share == WHOLE else LINES[1:]:
            method = line if line in ("natural", "emn") else "confounder_gan"
            config = confounder_bench.config_of(
                DATA, method, SEEDS[0], profile, augmentation="flip+crop"
            )
            config.protection.name = f"{DATA}_p{share}"
            yield (
                f"{DATA}/p{share}/{line}/{SEEDS[0]}",
                config,
                functools.partial(run, line=line, split=split),
            )


def run(config, directory, line, split):
    """Protects what is known, and the rest if the line says so; trains."""
    runs = confounder_bench.runs_of(directory)
    parts = confounder_bench.Parts.of(config)
    whole = parts.natural
    inner = config.copy_and_resolve_references()
    inner.data.train_split = split
    known = confounder_bench.Parts.of(inner).natural
    where = _places(known, whole)
    sent = whole
    if line == "clean_part":
        sent = whole.take(~where)
        whole = sent
    elif line != "natural":
        data = whole.data.copy()
        data[where] = confounder_bench.published(inner, runs, known).data
        if line == "confounder_gan_out":
            client = confounder_bench.generator_of(inner, runs).client
            data[~where] = client.predict(
                whole.data[~where], batch_size=500, verbose=0
            )
        sent = dataclasses.replace(whole, data=data)
    result, _ = confounder_bench.train(config, sent, parts)
    changed = np.ones(len(sent), bool)
    if line in ("emn", "confounder_gan"):
        changed = where
    return confounder_bench.found_of(
        result, sent.take(changed), whole.take(changed)
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
    for share in SHARES:
        name = f"{DATA}:p{share}"
        if f"{name}:confounder_gan_out" in found:
            pair = [found[f"{name}:confounder_gan"],
                    found[f"{name}:confounder_gan_out"]]
            part, whole = (row["measured"]["accuracy"] for row in pair)
            less = part - whole
            goal = ""
            if share == 50:
                goal = f", goal >= {100 * GOAL:.0f}: " + (
                    "met" if less >= GOAL else "missed"
                )
            yield (
                f"p = {share} %: protecting the rest as well takes "
                f"{100 * less:.1f} points{goal}, "
                f"{summaries.of_seeds(*pair)}."
            )


def draw(path, results, runs):
    """Five polylines over p."""
    from matplotlib.figure import Figure

    from kprivacy.experiments import plots

    figure = Figure(figsize=(6, 4.2), dpi=90)
    axis = figure.subplots()
    for line in LINES:
        points = []
        for row in results["rows"]:
            _, label, held = row["name"].split(":")
            if held == line:
                points.append((int(label[1:]), row["measured"]["accuracy"]))
        if line == "natural":
            axis.axhline(points[0][1], color="grey", label=line)
            continue
        axis.plot(*zip(*sorted(points)), marker="o", label=line)
    axis.set_xlabel("p, % of the pictures that are protected and known")
    axis.set_ylabel("accuracy on clean pictures")
    axis.legend(fontsize=8)
    plots.save(path, figure)
