"""What a trainer who knows of the protection does against it.

Trainer and columns as in confounder_gan_table2, with flip and crop. grey,
jpeg_q, bits_2, blur, halved (in size, and back) and their sum are done to all
pictures that his network sees; ueraser_max trains on the hardest of five
versions that UEraser makes of each; adversarial_training is by projected
gradient descent of 8/255. `pretrained` starts from a classifier of 500 clean
pictures of his own, at a rate of .01; `leaked` has these 500 also protected,
and learns from them to take the protection off; `adaptive` has the very
generator and subtracts what it would have added to what is left, five times.
`noise_only` trains on the noise alone, on grey: what is learnt there says
nothing of pictures. gradient_norm is that of a batch of what was published at
the end: how much is left to learn from it. Nothing inside these bounds is
known to withstand all of this.

`confounder_gan` is more than the paper's method: its generator holds a
classifier that was trained on labels (the guide) and a learnt square of coarse
cells for each class, weighted by what the guide sees, which is class-wise
noise by predicted class. The paper's losses alone are in
confounder_gan_table2.
"""

import dataclasses
import functools

import numpy as np

from kprivacy import attacks, baselines
from kprivacy.attacks import retraining
from kprivacy.experiments import confounder_bench, summaries
from kprivacy.experiments.confounder_bench import PROFILES, RUNS, rows

__all__ = ["PROFILES", "RUNS", "SEEDS", "cells", "draw", "notes", "rows"]

SEEDS = (0,)
DATA = "cifar10_subset"
COUNTERMEASURES = ("grey", "jpeg_75", "jpeg_10", "bits_2", "blur", "halved",
                   "grey+jpeg_10", "ueraser_max", "adversarial_training")
METHODS = ("natural", "confounder_gan", "emn")
LEAKED = 500
ROUNDS = 5


def cells(profile):
    """Every countermeasure against every method, then what needs more."""
    chosen = ("grey",) if profile == "smoke" else COUNTERMEASURES
    for label in chosen:
        yield from confounder_bench.cells([
            (DATA, label, method, SEEDS,
             {"augmentation": "flip+crop", "countermeasure": label})
            for method in METHODS
        ], profile, _run)
    for label, how in _OTHERS.items():
        methods = ("confounder_gan",) if label == "adaptive" else METHODS[1:]
        yield from confounder_bench.cells([
            (DATA, label, method, SEEDS, {"augmentation": "flip+crop"})
            for method in methods
        ], profile, functools.partial(_run, how=how))
    yield from confounder_bench.cells([
        (DATA, "flip+crop_control", method, SEEDS,
         {"augmentation": "flip+crop"})
        for method in ("random_noise", "shuffled")
    ], profile, _run)


def _run(config, directory, how=None):
    runs = confounder_bench.runs_of(directory)
    parts = confounder_bench.Parts.of(config)
    sent = confounder_bench.published(config, runs, parts.natural)
    seen, start = sent, None
    if how is not None:
        seen, start = how(config, runs, parts, sent)
    result, _ = confounder_bench.train(config, seen, parts, start)
    return {
        **confounder_bench.found_of(result, sent, parts.natural),
        "gradient_norm": result.gradient_norm[-1],
    }


def _pretrained(config, runs, parts, sent):
    own = parts.natural.take(slice(0, LEAKED))
    attack = attacks.Retraining(**config.victim, seed=config.seed)
    attack.run(own, parts.test)
    config.victim.learning_rate = 0.01
    return sent, attack.model


def _leaked(config, runs, parts, sent):
    few = slice(0, LEAKED)
    steps = 2000 if config.victim.epochs > 1 else 2
    return retraining.purified(
        sent, sent.take(few), parts.natural.take(few), steps,
        seed=config.seed,
    ), None


def _adaptive(config, runs, parts, sent):
    client = confounder_bench.generator_of(config, runs).client
    # x = x' - G(x): from the published picture on, a few times.
    guess = sent
    for _ in range(ROUNDS):
        noise = client.predict(guess.data, batch_size=500, verbose=0)
        guess = baselines.published(sent, guess.data - noise)
    return guess, None


def _noise_only(config, runs, parts, sent):
    noise = sent.data - parts.natural.data
    grey = np.full_like(noise, 128 / 255)
    return baselines.published(
        dataclasses.replace(sent, data=grey), noise
    ), None


_OTHERS = {"pretrained": _pretrained, "leaked": _leaked,
           "adaptive": _adaptive, "noise_only": _noise_only}


def notes(results):
    """Whether it is below EMN, point by point."""
    data = confounder_bench.real(DATA, results["profile"])
    found = {row["name"]: row for row in results["rows"]}
    for label in (*COUNTERMEASURES, *_OTHERS):
        both = [
            found.get(f"{data}:{label}:{method}") for method in METHODS[1:]
        ]
        if all(both):
            ours, emn = (row["measured"]["accuracy"] for row in both)
            yield (
                f"`{label}`: {ours:.1%}, EMN {emn:.1%}: "
                f"{'better' if ours < emn else 'not better'} than EMN, "
                f"{summaries.of_seeds(*both)}."
            )


def draw(path, results, runs):
    """Accuracies of all rows."""
    confounder_bench.bars(path, results)
