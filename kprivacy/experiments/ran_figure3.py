"""Figure 3 of RAN's paper: privacy against utility, four methods.

Rows of a task:

    ran:lambda=L        RAN with the config's improvements, one lambda
    ran:chosen          the lambda chosen on validation data: within 0.3
                        points of dnn, and there the hardest to attack
    ran:chosen:noise=F  the same client, its features under Laplace noise of
                        F of their deviation: the end of low accuracy
    ran:paper:lambda=L  the paper's network and objective
    dnn                 the architecture of ran, trained for accuracy alone
    dnn:paper           the paper's network, trained for accuracy alone
    dnn_resized:factor=F  16 principal components of dnn:paper under Laplace
                        noise of F of their deviation
    noisy:factor=F      the data under Laplace noise of scale F; signals are
                        in standard units
    ..._trained:factor=F  the same release, its classifier trained further
                        under that noise, two passes
    label_only          the class that dnn finds, and nothing else

Every row is attacked by fresh attackers of the families ridge, kernel ridge,
class posterior, perceptron, residual decoder and white box on at most 2,000
test examples, `ran:chosen` and `dnn` by all families; the JSON has the error of
each. esc10, with 53 clips for the attacker, meets ridge, kernel ridge, nearest
neighbours, class posterior and perceptron. The rows of a sweep have one seed,
`ran:chosen` and the dnn rows those of the task. The attacker of uci_har has
four people, of whom one chooses among the attackers: there the best on
validation is not always the best on the test.
"""

import functools
import shutil

from kprivacy import files, train_lib, tune_lib
from kprivacy.attacks.reconstruction import families
from kprivacy.experiments import fronts, ran_tasks, summaries

SEEDS = (0, 1, 2)
SLACK = 0.003
# Laplace noise on the chosen client's features, in their deviations.
FEATURE_NOISE = (1.0, 4.0)


def cells(profile):
    """The points of the figure: name, config, function of (it, folder)."""
    for task in ran_tasks.tasks(profile):
        yield from _undefended(task, profile)
        yield from _sweep(task, profile)
        yield from _chosen(task, profile)
        yield from _noise(task, profile)


def rows(found):
    """The rows from what every cell found."""
    table = []
    for name in dict.fromkeys(cell.split("/")[0] for cell in found):
        mine = {
            cell.partition("/")[2]: one
            for cell, one in found.items()
            if cell.split("/")[0] == name
        }
        table += _task_rows(name, mine)
    return table


def draw(path, results, runs):
    """The figure: one panel a task."""
    from kprivacy.experiments import plots

    plots.fronts(path, results["rows"])


def notes(results):
    """What the table says of fronts and goals, computed from its rows."""
    return summaries.fronts(results["rows"])


def _families(task, profile):
    """Those of every row, and all; a smoke run has the quickest alone."""
    if profile == "smoke":
        return ("ridge",), ("ridge", "class_posterior")
    if task.attackers:
        return task.attackers, task.attackers
    return fronts.FAMILIES, families.NAMES


def _undefended(task, profile):
    few, every = _families(task, profile)
    for seed in task.seeds:
        run = functools.partial(
            fronts.dnn, steps=task.steps, families=every
        )
        yield (
            f"{task.name}/dnn/{seed}",
            ran_tasks.config(task, profile, None, seed),
            run,
        )
        yield (
            f"{task.name}/dnn_paper/{seed}",
            ran_tasks.config(task, profile, "paper", seed),
            functools.partial(fronts.dnn, steps=task.steps, families=few),
        )


def _sweep(task, profile):
    for variant, weights in ((None, task.weights),
                             ("paper", task.paper_weights)):
        kind = "ran_paper" if variant else "ran"
        for weight in weights:
            config = ran_tasks.config(task, profile, variant, task.seeds[0])
            config.model.utility_weight = weight
            yield (
                f"{task.name}/{kind}_{weight:g}/{config.seed}",
                config,
                functools.partial(
                    fronts.ran,
                    steps=task.steps,
                    families=_families(task, profile)[0],
                ),
            )


def _noise(task, profile):
    config = ran_tasks.config(task, profile, "paper", task.seeds[0])
    for factor in task.factors:
        for kind, run in (("noisy", fronts.noisy),
                          ("dnn_resized", fronts.resized)):
            yield (
                f"{task.name}/{kind}_{factor:g}/{config.seed}",
                config,
                functools.partial(
                    _beside,
                    run=run,
                    factor=factor,
                    steps=task.steps,
                    families=_families(task, profile)[0],
                ),
            )


def _beside(config, directory, run, factor, **options):
    """Runs a baseline on the undefended network of its own seed."""
    trained = directory.parents[1] / "dnn_paper" / str(config.seed)
    return run(config, trained, factor, **options)


def _chosen(task, profile):
    for seed in task.seeds:
        yield (
            f"{task.name}/chosen/{seed}",
            ran_tasks.config(task, profile, None, seed),
            functools.partial(
                _at_chosen, task=task, families_of=_families(task, profile)
            ),
        )


def _at_chosen(config, directory, task, families_of):
    """RAN at the chosen lambda: trained if it is not there, attacked by all.
    """
    folder = directory.parents[1]
    weight = _choose(task, folder)
    config = config.copy_and_resolve_references()
    config.model.utility_weight = weight
    first = folder / f"ran_{weight:g}" / str(config.seed) / "model.keras"
    inner = directory / "model"
    if first.exists() and not (inner / "model.keras").exists():
        inner.mkdir(parents=True, exist_ok=True)
        shutil.copy(first, inner / "model.keras")
    found = {
        "chosen": fronts.ran(config, inner, task.steps, families_of[1])
    }
    if config.seed == task.seeds[0]:
        model = train_lib.train(config, inner)
        for factor in FEATURE_NOISE:
            found[f"noise={factor:g}"] = fronts.feature_noise(
                config, model, factor, task.steps, families_of[0]
            )
    return found


def _choose(task, folder):
    seed = str(task.seeds[0])

    def read(kind):
        return files.read_json(folder / kind / seed / "cell.json")["found"]

    trials = [read(f"ran_{weight:g}") for weight in task.weights]
    bound = read("dnn")["dnn"]["validation_accuracy"] - SLACK
    return tune_lib.choose(trials, bound)["utility_weight"]


def _task_rows(name, mine):
    """The rows of one task, in the order of the docstring."""
    grouped = {}
    for cell, one in mine.items():
        kind = cell.rpartition("/")[0]
        for label, result in _labelled(kind, one):
            grouped.setdefault(label, []).append(result)
    _add_utility_kept(grouped)
    order = sorted(grouped, key=_place)
    return [summaries.row(f"{name}:{label}", grouped[label])
            for label in order]


def _add_utility_kept(grouped):
    """(accuracy - prior) / (dnn's - prior), the prior being that of chance."""
    for results in grouped.values():
        for one in results:
            one["utility_kept"] = (one["accuracy"] - one["prior"]) / max(
                grouped["dnn"][0]["accuracy"] - one["prior"], 1e-9
            )


def _labelled(kind, found):
    """Names of rows, and results, out of what one cell found."""
    stem, _, value = kind.rpartition("_")
    if kind == "dnn":
        return [("dnn", found["dnn"]), ("label_only", found["label_only"])]
    if kind == "dnn_paper":
        return [("dnn:paper", found["dnn"])]
    if kind == "chosen":
        return [
            ("ran:chosen" + ("" if key == "chosen" else f":{key}"), one)
            for key, one in found.items()
        ]
    if stem in ("ran", "ran_paper"):
        return [(f"{stem.replace('_', ':')}:lambda={value}", found)]
    return [(f"{key}:factor={value}", one) for key, one in found.items()]


_ORDER = ("ran:lambda", "ran:chosen", "ran:paper", "dnn", "dnn:paper",
          "dnn_resized", "dnn_resized_trained", "noisy", "noisy_trained",
          "label_only")


def _place(label):
    stem, _, value = label.partition("=")
    stem = stem.removesuffix(":factor").removesuffix(":noise")
    stem = stem.replace("ran:paper:lambda", "ran:paper")
    return _ORDER.index(stem), float(value or -1)
