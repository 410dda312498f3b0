"""Table 2 of FakeSafe's paper: cascades of two and three steps.

The steps of `paper_setting` are those of fakesafe_table1, one after another,
as in the paper. Those of `ours` are `convolutional`, with a code of bits
under a key but no cover (a second step would lose what the first one hid in
it), and are trained further end to end, from the message to the last fake
and back. Columns as in fakesafe_table1, of the last fake and of what comes
back through all steps; one seed. The rows `convolutional` are single steps.
"""

import dataclasses
import functools

import ml_collections

from kprivacy import train_lib, workdir
from kprivacy.experiments import (
    fakesafe_bench,
    fakesafe_rows,
    fakesafe_table1,
    summaries,
)
from kprivacy.fakesafe import Cascade
from kprivacy.fakesafe.training import finetune

SEEDS = (0,)
# Each setting of cascades, and that of its steps.
SETTINGS = {"paper_setting": "paper_setting", "ours": "convolutional"}
RUNS = "fakesafe_table1"
# Gradient steps end to end.
FINETUNING = 2000


@dataclasses.dataclass(frozen=True)
class Chain:
    """A cascade, named by its domains there and back."""

    name: str
    domains: tuple
    paper: dict
    goal: float

    @property
    def steps(self):
        """Names of the rows of one step."""
        ends = zip(self.domains, self.domains[1:])
        return tuple("->".join(pair) for pair in ends)


def _chain(name, goal, precision, recall, f1):
    places = name.split("->")
    return Chain(
        name,
        tuple(places[: len(places) // 2 + 1]),
        {"precision": precision, "recall": recall, "f1": f1},
        goal,
    )


CLOTHES = "fashion_mnist"
CHAINS = (
    _chain(f"mnist->mnist->{CLOTHES}->mnist->mnist", 0.95, 0.75, 0.64, 0.63),
    _chain(f"{CLOTHES}->mnist->mnist->mnist->{CLOTHES}", 0.87, 0.81, 0.72,
           0.73),
    _chain(f"face->{CLOTHES}->mnist->{CLOTHES}->face", 0.90, 0.66, 0.56,
           0.59),
    _chain(f"mnist->mnist->{CLOTHES}->{CLOTHES}->{CLOTHES}->mnist->mnist",
           0.93, 0.48, 0.44, 0.39),
    _chain(f"face->mnist->{CLOTHES}->{CLOTHES}->{CLOTHES}->mnist->face",
           0.85, 0.29, 0.36, 0.29),
)


SMOKE = _chain("digits->digits->digits->digits->digits", 0.0, *[None] * 3)


def chains(profile):
    """All cascades, or the one for smoke."""
    return (SMOKE,) if profile == "smoke" else CHAINS


def cells(profile):
    """The steps, trained where table 1 has not, then the cascades."""
    seed = SEEDS[0]
    by_name = {row.name: row for row in
               (*fakesafe_rows.one_step(profile), *fakesafe_rows.INNER)}
    wanted = dict.fromkeys(s for one in chains(profile) for s in one.steps)
    for name in wanted:
        for setting in SETTINGS.values():
            config = fakesafe_rows.config(
                by_name[name], setting, seed, profile
            )
            run = functools.partial(fakesafe_table1.run, profile=profile)
            yield f"{name}/{setting}/{seed}", config, run
    for chain in chains(profile):
        for setting in SETTINGS:
            rows = [by_name[name] for name in chain.steps]
            yield (
                f"cascade {chain.name}/{setting}/{seed}",
                _config(rows, setting, seed, profile),
                functools.partial(_run, profile=profile),
            )


def rows(found):
    """One row a cascade and setting, and one a convolutional step."""
    table = [
        summaries.row(":".join(cell.split("/")[:2]), [one])
        for cell, one in found.items()
        if cell.split("/")[1] == "convolutional"
    ]
    for chain in (SMOKE, *CHAINS):
        for setting in SETTINGS:
            cell = f"cascade {chain.name}/{setting}/{SEEDS[0]}"
            if cell not in found:
                continue
            made = summaries.row(f"{chain.name}:{setting}", [found[cell]])
            table.append({**made, "paper": chain.paper, "goal": chain.goal})
    return table


notes = fakesafe_table1.notes


def draw(path, results, runs):
    """Messages, last fakes and what was recovered."""
    from kprivacy.experiments import fakesafe_pictures

    fakesafe_pictures.draw(path, [
        (name.partition("/")[0] + ":" + name.split("/")[1], config,
         runs / name)
        for name, config, _ in cells(results["profile"])
        if name.startswith("cascade")
    ])


def _config(rows, setting, seed, profile):
    """Like that of a step, with the steps it is made of."""
    first, last = (
        fakesafe_rows.config(row, SETTINGS[setting], seed, profile)
        for row in (rows[0], rows[-1])
    )
    return ml_collections.ConfigDict({
        "method": "fakesafe",
        "seed": seed,
        "steps": [f"{row.name}/{SETTINGS[setting]}/{seed}" for row in rows],
        "finetuning": 0 if setting == "paper_setting" else (
            2 if profile == "smoke" else FINETUNING
        ),
        "batch_size": first.batch_size,
        "learning_rate": last.learning_rate,
        "adversary_learning_rate": last.adversary_learning_rate,
        "beta_1": last.beta_1,
        "source": first.source,
        "target": last.target,
    })


def _run(config, directory, profile):
    """Builds a cascade of trained steps, trains it on, and measures it."""
    path = directory / "model.keras"
    if path.exists():
        model = workdir.read_model(directory)
    else:
        runs = directory.parents[2]
        steps = [workdir.read_model(runs / name) for name in config.steps]
        model = Cascade(steps).finetuning(seed=config.seed)
        if config.finetuning:
            finetune(model, config)
        train_lib.save(model, path)
    return fakesafe_bench.measure(
        config,
        model,
        fakesafe_table1.classifiers_beside(directory),
        config.seed,
        fakesafe_bench.effort_of(profile),
    )
