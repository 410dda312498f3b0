"""Figure 6 of ConfounderGAN's paper: what the noise looks like, and its speed.

Rows of pictures: originals, what is published, and the noise stretched to
[0, 1] by its own smallest and largest value. `images_per_second` of
ConfounderGAN is one forward pass with batches of 500, of EMN all that it takes
to make the noise of all pictures, divided by their number: it has no
generator, and begins anew with new pictures. Both on the same processor, which
is otherwise busy. `seconds` is what making the noise of all pictures took,
ConfounderGAN's training with it.

`confounder_gan` is more than the paper's method: its generator holds a
classifier that was trained on labels (the guide) and a learnt square of coarse
cells for each class, weighted by what the guide sees, which is class-wise
noise by predicted class. The paper's losses alone are in
confounder_gan_table2.
"""

import time

import numpy as np

from kprivacy import metrics
from kprivacy.experiments import confounder_bench, summaries
from kprivacy.experiments.confounder_bench import PROFILES, RUNS, rows

__all__ = ["PROFILES", "RUNS", "SEEDS", "cells", "draw", "notes", "rows"]

SEEDS = (0,)
DATA = ("cifar10_subset", "bloodmnist_subset")
METHODS = ("confounder_gan", "emn")
GOAL = 500
SHOWN = 8
BATCH = 500


def cells(profile):
    """Both methods on every set."""
    sets = confounder_bench.sets(DATA, profile)
    return confounder_bench.cells([
        (name, "noise", method, SEEDS, {}) for name in sets
        for method in METHODS
    ], profile, run)


def run(config, directory):
    """Makes the noise, and times it."""
    runs = confounder_bench.runs_of(directory)
    natural = confounder_bench.Parts.of(config).natural
    sent = confounder_bench.published(config, runs, natural)
    seconds = confounder_bench.seconds_of(config, runs)
    speed = len(natural) / seconds
    if config.protection.method == "confounder_gan":
        client = confounder_bench.generator_of(config, runs).client
        images = np.resize(natural.data, (BATCH, *natural.data.shape[1:]))
        client.predict(images, batch_size=BATCH, verbose=0)
        begin = time.perf_counter()
        client.predict(images, batch_size=BATCH, verbose=0)
        speed = BATCH / (time.perf_counter() - begin)
    change = sent.data - natural.data
    return {
        "images_per_second": speed,
        "seconds": seconds,
        "linf": float(np.rint(255 * np.abs(change).max())),
        "psnr": metrics.psnr(natural.data, sent.data),
        "ssim": metrics.ssim(natural.data, sent.data),
    }


def notes(results):
    """How many times faster than EMN."""
    found = {row["name"]: row for row in results["rows"]}
    for name in confounder_bench.sets(DATA, results["profile"]):
        if f"{name}:noise:emn" in found:
            both = [found[f"{name}:noise:{method}"] for method in METHODS]
            ours, emn = (
                row["measured"]["images_per_second"] for row in both
            )
            yield (
                f"`{name}`: {ours / emn:,.0f} times as many pictures a second "
                f"as EMN, goal >= {GOAL}: "
                f"{'met' if ours >= GOAL * emn else 'missed'}, "
                f"{summaries.of_seeds(*both)}."
            )


def draw(path, results, runs):
    """Originals, what is published, and the noise, stretched."""
    from kprivacy import pictures

    shown = {}
    for row in results["rows"]:
        name, _, method = row["name"].split(":")
        config = confounder_bench.config_of(
            name, method, SEEDS[0], results["profile"]
        )
        natural = confounder_bench.Parts.of(config).natural
        sent = confounder_bench.published(config, runs, natural)
        before, after = natural.data[:SHOWN], sent.data[:SHOWN]
        shown.setdefault(f"{name}", before)
        shown[f"{name}:\n{method}"] = after
        shown[f"{name}:\n{method}'s noise"] = stretched(after - before)
    pictures.comparison(path, shown, SHOWN)


def stretched(noise):
    """Each one from its own smallest to its largest value, in [0, 1]."""
    axes = tuple(range(1, noise.ndim))
    least = noise.min(axis=axes, keepdims=True)
    most = noise.max(axis=axes, keepdims=True)
    return (noise - least) / np.maximum(most - least, 1e-9)
