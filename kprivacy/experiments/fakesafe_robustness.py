"""What happens to recovery when the fakes were changed on their way.

The trainings of fakesafe_table1 with seed 0 whose fakes are images. F1 as
there, after the PNG alone and after: Gaussian noise of deviation 3/256, JPEG
files of quality 90 and 75, and rounding to 4 bits a channel. The drop is the
larger one of noise and JPEG 90; the goal is at most .05.
"""

import functools

from kprivacy import train_lib
from kprivacy.attacks.fakes import distortions, secrecy
from kprivacy.experiments import (
    fakesafe_bench,
    fakesafe_rows,
    fakesafe_table1,
    summaries,
)
from kprivacy.experiments.fakesafe_rows import SETTINGS
from kprivacy.fakesafe.sides import Receiver

SEEDS = (0,)
RUNS = "fakesafe_table1"
KINDS = ("noise", "jpeg_90", "jpeg_75", "bits_4")
TESTED = 2000
DROP = 0.05


def cells(profile):
    """One row and setting each."""
    effort = fakesafe_bench.effort_of(profile)
    for row in shown(fakesafe_rows.one_step(profile)):
        for setting in SETTINGS:
            config = fakesafe_rows.config(row, setting, SEEDS[0], profile)
            run = functools.partial(_run, effort=effort)
            yield f"robustness/{row.name}/{setting}", config, run


def shown(table):
    """Rows whose fakes are images."""
    return [row for row in table if not row.target.startswith("words:")]


def trained(config, directory):
    """A row's model, of fakesafe_table1 or trained now; its classifiers."""
    _, name, setting = directory.parts[-3:]
    folder = directory.parents[2] / name / setting / str(config.seed)
    model = train_lib.train(config, folder)
    return model, fakesafe_table1.classifiers_beside(folder)


def _run(config, directory, effort):
    model, classifiers = trained(config, directory)
    messages = fakesafe_bench.tested(config.source, TESTED)
    pads = fakesafe_bench.pads_of(model.client, config.seed)
    drawn = secrecy.draw(pads, len(messages))
    sent = fakesafe_bench.sender_of(config, model)(messages.data, *drawn)
    recovery = fakesafe_bench.recovery(config.source, classifiers, effort)
    receiver = Receiver(model.server)
    found = {}
    for kind in ("png", *KINDS):
        arrived = distortions.NAMES[kind](sent, config.seed)
        back = recovery(
            messages.data, messages.labels, receiver(arrived, *drawn)
        )
        found["f1" if kind == "png" else f"f1_{kind}"] = back.f1
        found["f1_real"] = back.f1_real
    found["drop"] = found["f1"] - min(found["f1_noise"], found["f1_jpeg_90"])
    return found


def rows(found):
    """One row a cell."""
    return [
        summaries.row(":".join(name.split("/")[1:]), [one])
        for name, one in found.items()
    ]


def notes(results):
    """Which rows of ours keep to the goal."""
    return [
        f"`{row['name']}`: a drop of {row['measured']['drop']:.3f}, goal "
        f"{DROP} {'met' if row['measured']['drop'] <= DROP else 'missed'}."
        for row in results["rows"]
        if row["name"].endswith(":ours")
    ]


def draw(path, results, runs):
    """F1 after each change."""
    from kprivacy.experiments import plots

    names = ("f1", *(f"f1_{kind}" for kind in KINDS))
    plots.bars(path, results["rows"], names, "F1")
