"""Table 2 of FakeSafe's paper: cascades of two and three steps.

The steps of `paper_setting` and `ours` are those of fakesafe_table1, one after
another, as in the paper; face->fashion_mnist has its code cut to the 64 bits
that a digit can hold. In `ours` each later step reads the code in the fake
before it, turns it by a key of its own and hides it in another cover, so that
on the way back each step gives the very fake that the one before it made; only
the last fake leaves the phone. `convolutional`, of the first cascade alone,
paints its fakes from the code, and is trained further end to end, from the
message to the last fake and back. Columns as in fakesafe_table1, of the last
fake and of what comes back through all steps; one seed.
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
from kprivacy.fakesafe.covers import takes_cover
from kprivacy.fakesafe.training import finetune

SEEDS = (0,)
SETTINGS = fakesafe_rows.SETTINGS
# The setting that is finetuned.
PAINTED = "convolutional"
RUNS = "fakesafe_table1"
# Gradient steps end to end.
FINETUNING = 2000
# Examples of which those with room are covers of inner fakes.
BANKED, BANKS = 500, "defender[:60%]"


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
    both = [
        (chain, setting) for chain in chains(profile)
        for setting in _settings(chain, profile)
    ]
    wanted = dict.fromkeys(
        (name, setting) for chain, setting in both for name in chain.steps
    )
    for name, setting in wanted:
        config = fakesafe_rows.config(by_name[name], setting, seed, profile)
        run = functools.partial(fakesafe_table1.run, profile=profile)
        yield f"{name}/{setting}/{seed}", config, run
    for chain, setting in both:
        rows = [by_name[name] for name in chain.steps]
        yield (
            f"cascade {chain.name}/{setting}/{seed}",
            _config(rows, setting, seed, profile),
            functools.partial(_run, profile=profile),
        )


def _settings(chain, profile):
    """Those of all, and of the first cascade the painted one."""
    first = chain is chains(profile)[0]
    return (*SETTINGS, PAINTED) if first else SETTINGS


def rows(found):
    """One row a cascade and setting."""
    table = []
    for chain in (SMOKE, *CHAINS):
        for setting in (*SETTINGS, PAINTED):
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
         functools.partial(_model, config, runs / name))
        for name, config, _ in cells(results["profile"])
        if name.startswith("cascade")
    ])


def _config(rows, setting, seed, profile):
    """Like that of a step, with the steps it is made of."""
    first, last = (
        fakesafe_rows.config(row, setting, seed, profile)
        for row in (rows[0], rows[-1])
    )
    return ml_collections.ConfigDict({
        "method": "fakesafe",
        "seed": seed,
        "steps": [f"{row.name}/{setting}/{seed}" for row in rows],
        "finetuning": 0 if setting != PAINTED else (
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
    return fakesafe_bench.measure(
        config,
        _model(config, directory),
        fakesafe_table1.classifiers_beside(directory),
        config.seed,
        fakesafe_bench.effort_of(profile),
    )


def _model(config, directory):
    """The cascade: its steps, or what became of them in finetuning."""
    path = directory / "model.keras"
    if path.exists():
        return workdir.read_model(directory)
    runs = [directory.parents[2] / name for name in config.steps]
    steps = [workdir.read_model(one) for one in runs]
    if not config.finetuning:
        return Cascade(steps, [
            _bank(workdir.read_config(one).target) for one in runs[:-1]
        ] if takes_cover(steps[0].client) else ())
    model = Cascade(steps).finetuning(seed=config.seed)
    finetune(model, config)
    train_lib.save(model, path)
    return model


def _bank(section):
    """Examples of an inner domain that both sides have; none is a cover."""
    return fakesafe_bench.part(section, BANKS, BANKED).data
