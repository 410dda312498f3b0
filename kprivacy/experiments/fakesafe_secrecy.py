"""What an outsider recovers from the fakes, of images.

The trainings of fakesafe_table1 with seed 0 whose messages are images. F1 as
there; `chance` is the F1 of another message in the place of the right one.
`wrong_key`: the right server with another secret. `other_R`: the server of
seed 1, with the right key. `pairs_N`: fresh inverters (ridge, kernel ridge,
nearest neighbours, perceptron, residual network; the best on validation) that
know N fakes with their messages, each with its own pad; `all pairs` are those
53 faces that are the attacker's. `probe`: balanced accuracy of fresh
classifiers of the message's class on the fake, beside `blind`, one class over
the number of classes; not of faces, of which the attacker has one of a
person.
"""

import functools

import numpy as np

from kprivacy.attacks import fakes as judges
from kprivacy.experiments import (
    fakesafe_bench,
    fakesafe_robustness,
    fakesafe_rows,
    summaries,
)
from kprivacy.experiments.fakesafe_rows import SETTINGS
from kprivacy.fakesafe.sides import Receiver

SEEDS = (0,)
RUNS = "fakesafe_table1"
COUNTS = (100, 1000, 10_000)
TESTED = 2000
STEPS = 200


def cells(profile):
    """One row and setting each."""
    effort = fakesafe_bench.effort_of(profile)
    for row in fakesafe_robustness.shown(fakesafe_rows.one_step(profile)):
        if row.source.startswith("words:"):
            continue
        for setting in SETTINGS:
            config = fakesafe_rows.config(row, setting, SEEDS[0], profile)
            run = functools.partial(_run, effort=effort)
            yield f"secrecy/{row.name}/{setting}", config, run


def _run(config, directory, effort):
    model, classifiers = fakesafe_robustness.trained(config, directory)
    other = config.copy_and_resolve_references()
    other.seed = 1
    other, _ = fakesafe_robustness.trained(other, directory)
    def sender(*given):
        # Covers are used once by each attack, and again by the next one.
        return fakesafe_bench.sender_of(config, model)(*given)

    receiver = Receiver(model.server)
    pads = fakesafe_bench.pads_of(model.client, config.seed)
    test = fakesafe_bench.part(config.source, config.source.test_split, TESTED)
    known = fakesafe_bench.part(config.source, "attacker", max(COUNTS))
    recovery = fakesafe_bench.recovery(config.source, classifiers, effort)
    stranger = judges.other_server(
        sender, receiver, Receiver(other.server), test, recovery, pads
    )
    counts = [count for count in COUNTS if count <= len(known)]
    found = {
        "f1": stranger.right.f1,
        "chance": stranger.unrelated.f1,
        "f1_other_server": stranger.attack.f1,
    }
    if pads is not None:
        wrong = fakesafe_bench.pads_of(model.client, "wrong")
        found["f1_wrong_key"] = judges.wrong_key(
            sender, receiver, test, recovery, pads, wrong
        ).attack.f1
    steps = min(STEPS, effort.steps)
    for one in judges.known_pairs(
        sender, receiver, known, test, recovery, pads,
        counts or [len(known)],
        attackers=effort.inverters,
        steps=steps,
    ):
        found[f"f1_pairs_{one.pairs}"] = one.attack.f1
    if np.bincount(known.labels).min() > 1:
        told = judges.probe(
            sender, known, test, pads, attackers=effort.probes, steps=steps
        )
        found["probe"] = told.best.balanced_accuracy
        found["blind"] = told.blind_balanced_accuracy
    return found


def rows(found):
    """One row a cell."""
    return [
        summaries.row(":".join(name.split("/")[1:]), [_named(one)])
        for name, one in found.items()
    ]


def _named(found):
    """With one name for as many pairs as there are, where they are few."""
    known = {f"f1_pairs_{count}" for count in COUNTS}
    return {
        "f1_pairs_all" if key.startswith("f1_pairs_") and key not in known
        else key: value
        for key, value in found.items()
    }


def draw(path, results, runs):
    """F1 of each outsider."""
    from kprivacy.experiments import plots

    names = ("f1", "f1_wrong_key", "f1_other_server",
             "f1_pairs_all", *(f"f1_pairs_{count}" for count in COUNTS),
             "chance")
    plots.bars(path, results["rows"], names, "F1")
