"""Figure 6 of ConfounderGAN's paper: what the noise looks like, and its speed.

Rows of pictures: originals, what is published, and the noise stretched to
[0, 1] by its own smallest and largest value. `images_per_second` of
ConfounderGAN is one forward pass of Keras with batches of 500, of EMN all that
it takes to make the noise of all pictures, divided by their number: it has no
generator, and begins anew with new pictures. `int8_per_second` is what ships,
the generator's int8 file, one picture a call, on one thread; Keras had one as
well (TF_NUM_INTRAOP_THREADS=1), on a processor whose other core was busy.
`seconds` is what making the noise of all pictures took, ConfounderGAN's
training with it, in the last start where it was interrupted. `class_share` is
the share of the noise's energy that is the same in all pictures of a class:
1 for noise of classes. `common_share` is that which is the same in all pictures
of all classes: it says nothing of the class, but whoever trains on it meets
other pictures in the test. `gradient` and `natural gradient` answer what the
paper's Appendix A asks, at the same weights: of a ResNet-18 that was trained
for two epochs on what was published, without augmentation, the mean norm of the
gradient of the loss of each of 500 pictures as published, and as they were.

`confounder_gan` is more than the paper's method: its generator holds a
classifier that was trained on labels (the guide) and a learnt square of coarse
cells for each class, weighted by what the guide sees, which is class-wise
noise by predicted class. `confounder_gan_paper` is the paper's losses alone.
"""

import json
import subprocess
import sys
import time

import numpy as np

from kprivacy import attacks, metrics
from kprivacy.experiments import confounder_bench, summaries
from kprivacy.experiments.confounder_bench import PROFILES, RUNS, rows

__all__ = ["PROFILES", "RUNS", "SEEDS", "cells", "draw", "notes", "rows"]

SEEDS = (0,)
DATA = ("cifar10_subset", "bloodmnist_subset")
METHODS = ("confounder_gan", "confounder_gan_paper", "emn")
GOAL = 500
SHOWN = 8
BATCH = 500
# Before gradients are compared, and of how many pictures.
EPOCHS, COMPARED = 2, 500


def cells(profile):
    """Every method on every set."""
    sets = confounder_bench.sets(DATA, profile)
    return confounder_bench.cells([
        (name, "noise", method, SEEDS, {}) for name in sets
        for method in METHODS
    ], profile, run)


def run(config, directory):
    """Makes the noise, and times it."""
    runs = confounder_bench.runs_of(directory)
    parts = confounder_bench.Parts.of(config)
    natural = parts.natural
    sent = confounder_bench.published(config, runs, natural)
    seconds = confounder_bench.seconds_of(config, runs)
    speeds = {"images_per_second": len(natural) / seconds}
    if config.protection.method in confounder_bench.VARIANTS:
        client = confounder_bench.generator_of(config, runs).client
        images = np.resize(natural.data, (BATCH, *natural.data.shape[1:]))
        client.predict(images, batch_size=BATCH, verbose=0)
        begin = time.perf_counter()
        client.predict(images, batch_size=BATCH, verbose=0)
        speeds = {
            "images_per_second": BATCH / (time.perf_counter() - begin),
            "int8_per_second": 1e3 / _milliseconds(
                confounder_bench.generator_folder(config, runs)
            ),
        }
    change = sent.data - natural.data
    return {
        **speeds,
        "seconds": seconds,
        "class_share": class_share(change, natural.labels),
        "common_share": class_share(change, np.zeros(len(change))),
        "linf": float(np.rint(255 * np.abs(change).max())),
        "psnr": metrics.psnr(natural.data, sent.data),
        "ssim": metrics.ssim(natural.data, sent.data),
        **_gradients(config, sent, parts),
    }


def _gradients(config, sent, parts):
    """What pictures still teach who has begun to learn from them."""
    early = config.copy_and_resolve_references()
    early.victim.epochs = min(EPOCHS, early.victim.epochs)
    _, model = confounder_bench.train(early, sent, parts)
    some = slice(0, COMPARED)
    found = attacks.gradient_norms(
        model, parts.natural.take(some), sent.take(some)
    )
    return {"protected_gradient": found.protected_each,
            "natural_gradient": found.natural_each}


def class_share(noise, labels):
    """Share of the noise's energy that lies in the means of the classes."""
    noise = noise.reshape(len(noise), -1).astype(np.float64)
    means = sum(
        (labels == label).sum()
        * np.square(noise[labels == label].mean(axis=0)).sum()
        for label in np.unique(labels)
    )
    return float(means / np.square(noise).sum())


def _milliseconds(folder):
    """Of a call of the int8 file; the library never imports export."""
    told = subprocess.run(
        [sys.executable, "-m", "kprivacy.export.cost", f"--workdir={folder}"],
        check=True, stdout=subprocess.PIPE, text=True,
    ).stdout
    return json.loads(told)["latency_ms"]["threads_1"]["p50"]


def notes(results):
    """How many times faster than EMN."""
    found = {row["name"]: row for row in results["rows"]}
    for name in confounder_bench.sets(DATA, results["profile"]):
        for method in confounder_bench.VARIANTS:
            both = [found.get(f"{name}:noise:{one}")
                    for one in (method, "emn")]
            if all(both):
                yield f"`{name}:{method}`: {_faster(*both)}"


def _faster(row, emn):
    kinds = "int8_per_second", "images_per_second"
    every = emn["measured"]["images_per_second"]
    int8, keras = (row["measured"][kind] / every for kind in kinds)
    return (
        f"{int8:,.0f} times as many pictures a second as EMN by the int8 "
        f"file, goal >= {GOAL}: {'met' if int8 >= GOAL else 'missed'}; "
        f"{keras:,.0f} times by Keras, {summaries.of_seeds(row, emn)}."
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
