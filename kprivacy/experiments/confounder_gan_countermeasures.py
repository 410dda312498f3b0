"""What a trainer who knows of the protection does against it.

Trainer and columns as in confounder_gan_table2, with flip and crop. grey,
jpeg_q, bits_2, blur, halved (in size, and back) and their sum are done to all
pictures that his network sees; ueraser_max trains on what UEraser makes of
each, in the first 30 % of the epochs on the hardest of five versions, then, as
ueraser_lite does from the start, on one, a new one in each epoch;
adversarial_training_8_3 is by projected gradient descent of 8/255 in 3 steps
(more are an option, and take their time). `pretrained` has the originals of 500
of the published pictures, starts from a classifier of these, and goes on at a
rate of .01; `leaked` learns from these 500 and what was published of them to
take the protection off; `clean_500` has learnt from them alone, in 200 epochs:
what both know before they see anything else protected. `adaptive` has the very
generator and subtracts what it would have added to what is left, five times.
`noise_only` trains on the noise alone, on grey, of nine tenths of the
pictures, and its accuracy on pictures says nothing: below is of how much of the
noise of the last tenth he names the class.
`flip+crop_control` has the noise of other pictures, whatever their class.
gradient_norm is that of a batch of what was published at the end: how much is
left to learn from it. Nothing inside these bounds is known to withstand all of
this. Published numbers are of other sizes: all 50,000 pictures of CIFAR-10 and
a ResNet-18 of full width (APBench's leaderboard; of `leaked` others'); there
DeepConfuse is a generator, too.

`confounder_gan` is more than the paper's method: its generator holds a
classifier that was trained on labels (the guide) and a learnt square of coarse
cells for each class, weighted by what the guide sees, which is class-wise
noise by predicted class. `confounder_gan_paper` is the paper's losses alone,
and `confounder_gan_contrast` ours with a classifier that sees noise about grey,
both against grey and jpeg_10, the latter against jpeg_75 as well.
`confounder_gan_jpeg` is that, trained through JPEG files of quality 10 to 75:
it has met what it is run against, other methods have not. Of bloodmnist_subset
there are jpeg_10 and `adaptive`.
"""

import dataclasses
import functools

import numpy as np

from kprivacy import attacks
from kprivacy.experiments import (
    confounder_bench,
    confounder_pages,
    summaries,
)
from kprivacy.experiments.confounder_bench import PROFILES, RUNS, rows

__all__ = ["PROFILES", "RUNS", "SEEDS", "cells", "draw", "notes", "rows"]

SEEDS = (0,)
DATA = "cifar10_subset"
COUNTERMEASURES = ("grey", "jpeg_75", "jpeg_10", "bits_2", "blur", "halved",
                   "grey+jpeg_10", "ueraser_max", "adversarial_training_8_3")
METHODS = ("natural", "confounder_gan", "emn")
LITE = "ueraser_lite"  # against natural pictures and ours
PAPER, CONTRAST = "confounder_gan_paper", "confounder_gan_contrast"
# What they are run against; the smoke profile takes the first.
AGAINST_BOTH = ("grey", "jpeg_10")
# What training through JPEG files is worth, beside the same without.
JPEG = "confounder_gan_jpeg"
FILES = (("jpeg_75", CONTRAST), ("jpeg_75", JPEG), ("jpeg_10", JPEG),
         ("grey+jpeg_10", JPEG), ("grey", JPEG))
CLEAN = "clean_500"
# Accuracies in %; that of `leaked` is of a purifier with as many pairs.
PUBLISHED = {
    "grey": {"EMN": 92.0, "DeepConfuse": 85.6},
    "jpeg_10": {"EMN": 80.7, "DeepConfuse": 83.6},
    "ueraser_max": {"EMN": 93.6, "DeepConfuse": 92.2},
    "adversarial_training_8_3": {"EMN": 82.5, "DeepConfuse": 76.9},
    "leaked": {"other noise": 93.0},
}
LEAKED = 500
NOISE = "noise_only"
HELD = 10  # one picture's noise in so many is what he is tested on


def cells(profile):
    """Every countermeasure against every method, then what needs more."""
    chosen = ("grey",) if profile == "smoke" else COUNTERMEASURES
    yield from _washed([
        (DATA, label, method) for label in chosen for method in METHODS
    ], profile)
    for label, how in _OTHERS.items():
        methods = ("confounder_gan",) if label == "adaptive" else METHODS[1:]
        yield from confounder_bench.cells([
            (DATA, label, method, SEEDS, {"augmentation": "flip+crop"})
            for method in methods
        ], profile, functools.partial(_run, how=how))
    yield from confounder_bench.cells([
        (DATA, NOISE, method, SEEDS, {"augmentation": "flip+crop"})
        for method in METHODS[1:]
    ], profile, _run_noise)
    yield from confounder_bench.cells([
        (DATA, "flip+crop_control", "shuffled", SEEDS,
         {"augmentation": "flip+crop"})
    ], profile, _run)
    yield from confounder_bench.cells([
        (DATA, CLEAN, "natural", SEEDS, {"augmentation": "flip+crop"})
    ], profile, functools.partial(_run, how=_few))
    against = AGAINST_BOTH[:1] if profile == "smoke" else AGAINST_BOTH
    yield from _washed([
        (DATA, label, one) for one in (PAPER, CONTRAST) for label in against
    ], profile)
    if profile != "smoke":
        yield from _more(profile)


def _more(profile):
    """Against one more, of the second set, and through JPEG files."""
    second = confounder_bench.SECOND
    yield from _washed([
        *((DATA, LITE, method) for method in METHODS[:2]),
        *((second, AGAINST_BOTH[1], method) for method in METHODS),
    ], profile)
    yield from confounder_bench.cells([
        (second, "adaptive", METHODS[1], SEEDS, {"augmentation": "flip+crop"})
    ], profile, functools.partial(_run, how=_adaptive))
    yield from _washed([(DATA, *one) for one in FILES], profile)


def _washed(wanted, profile):
    """The cells of tuples (data set, countermeasure, method)."""
    return confounder_bench.cells([
        (name, label, method, SEEDS,
         {"augmentation": "flip+crop", "countermeasure": label})
        for name, label, method in wanted
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


def _run_noise(config, directory):
    runs = confounder_bench.runs_of(directory)
    parts = confounder_bench.Parts.of(config)
    sent = confounder_bench.published(config, runs, parts.natural)
    seen, held = _divided(
        attacks.noise_alone(sent, parts.natural), config.seed
    )
    result, _ = confounder_bench.train(
        config, seen, dataclasses.replace(parts, clean=held)
    )
    return {
        **confounder_bench.found_of(result, sent, parts.natural),
        # He has no clean pictures to stop by, and does not see this noise.
        "stopped_accuracy": None,
        "gradient_norm": result.gradient_norm[-1],
        "named": result.clean[-1],
    }


def _divided(noise, seed):
    """Nine tenths, and a tenth that is held back."""
    order = np.random.default_rng(seed).permutation(len(noise))
    count = max(1, len(noise) // HELD)
    return noise.take(order[count:]), noise.take(order[:count])


def _few(config, runs, parts, sent):
    return parts.natural.take(slice(0, LEAKED)), None


def _pretrained(config, runs, parts, sent):
    own, _ = _few(config, runs, parts, sent)
    _, model = confounder_bench.train(config, own, parts)
    config.victim.learning_rate = 0.01
    return sent, model


def _leaked(config, runs, parts, sent):
    few = slice(0, LEAKED)
    steps = 2000 if config.victim.epochs > 1 else 2
    return attacks.purified(
        sent, sent.take(few), parts.natural.take(few), steps,
        seed=config.seed,
    ), None


def _adaptive(config, runs, parts, sent):
    client = confounder_bench.generator_of(config, runs).client
    return attacks.without_noise(sent, client), None


_OTHERS = {"pretrained": _pretrained, "leaked": _leaked,
           "adaptive": _adaptive}


def notes(results):
    """Whether it is below EMN, point by point, and what others published."""
    data = confounder_bench.real(DATA, results["profile"])
    held = {
        row["name"].removeprefix(f"{data}:"): row for row in results["rows"]
    }
    found = {
        name: row["measured"]["accuracy"] for name, row in held.items()
    }
    clean = found.get(f"{CLEAN}:natural")
    if clean is not None:
        yield (
            f"`{CLEAN}`: {clean:.1%} from {LEAKED} clean pictures alone, "
            "which `pretrained` and `leaked` have as well."
        )
    for label in (*COUNTERMEASURES, *_OTHERS):
        names = [f"{label}:{method}" for method in METHODS[1:]]
        ours, emn = (found.get(name) for name in names)
        if ours is not None and emn is not None:
            seeds = summaries.of_seeds(*(held[name] for name in names))
            yield (
                f"`{label}`: {ours:.1%}, EMN {emn:.1%}: "
                f"{'better' if ours < emn else 'not better'} than EMN, "
                f"{seeds}."
                + _beside(label, ours, emn, clean)
                + _paper(found.get(f"{label}:{PAPER}"))
                + _published(label)
            )
    named = [
        f"{held[f'{NOISE}:{method}']['measured']['named']:.1%} of `{method}`'s"
        for method in METHODS[1:] if f"{NOISE}:{method}" in held
    ]
    if named:
        yield (
            f"`{NOISE}`: who trains on the noise alone, with flip and crop, "
            "names the class of pictures he has not seen by the noise of "
            f"{' and '.join(named)}."
        )


def _beside(label, ours, emn, clean):
    """How far both are from what his clean pictures alone give."""
    if clean is None or label not in ("pretrained", "leaked"):
        return ""
    return (
        f" From `{CLEAN}` that is {100 * (ours - clean):+.1f} points, with "
        f"EMN {100 * (emn - clean):+.1f}."
    )


def _paper(accuracy):
    if accuracy is None:
        return ""
    return f" The paper's losses alone: {accuracy:.1%}."


def _published(label):
    numbers = PUBLISHED.get(label)
    if not numbers:
        return ""
    return " Published, of other sizes: " + ", ".join(
        f"{name} {number} %" for name, number in numbers.items()
    ) + "."


def draw(path, results, runs):
    """Accuracies of all rows."""
    confounder_pages.bars(path, results)
