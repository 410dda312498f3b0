"""Figure 6 of RAN's paper: what an attacker sees, method by method.

Test pictures of CIFAR-10; below them the picture under Laplace noise as it is
sent, and what the best fresh attacker rebuilds from it, from the features of
the undefended network with the paper's architecture, from these reduced and
noisy, and from RAN's. The rows give the attackers' errors on all attacked
test examples.
"""

from kprivacy import files, pictures, releases, train_lib
from kprivacy.attacks import Reconstruction
from kprivacy.baselines import Laplace, ResizedDNN
from kprivacy.experiments import (
    fronts,
    ran_figure4,
    ran_tasks,
    summaries,
)

SEEDS = (0,)
RUNS = "ran_figure3"
NAME, FACTOR, SHOWN = "cifar10_subset", 0.3, 8
FAMILIES = ("ridge", "mlp", "residual")


def cells(profile):
    """One cell: every method attacked on the same pictures."""
    (task,) = ran_tasks.tasks(profile, (NAME,))
    config = ran_tasks.config(task, profile)
    yield f"{task.name}/pictures/0", config, _attacked(task, profile)


def rows(found):
    """A row for each method."""
    return [
        summaries.row(f"{cell.split('/')[0]}:{label}", [one])
        for cell, methods in found.items()
        for label, one in methods.items()
    ]


def draw(path, results, runs):
    """The grid that the cell made."""
    name = results["rows"][0]["name"].split(":")[0]
    grid = runs / name / "pictures" / "0" / "grid.png"
    files.write_bytes(path, grid.read_bytes())


def _attacked(task, profile):
    def run(config, directory):
        bench = fronts.Bench(config, task.steps)
        families = FAMILIES[:2] if profile == "smoke" else FAMILIES
        attacker, test = bench.parts.attacker, bench.attacked
        shown = {"raw": test.data[:SHOWN]}
        found = {}
        for label, release in _releases(
            task, profile, config, directory, attacker.data
        ).items():
            attack = Reconstruction(
                attackers=families, steps=task.steps, seed=0, repeats=0
            )
            best = attack.run(release, attacker, test).best
            found[label] = {"attack_error": best.mse,
                            "attacker": best.attacker}
            sent = release(test.data[:SHOWN])
            if sent.shape == shown["raw"].shape:
                shown[f"{label}\nas sent"] = sent
            shown[f"{label}\nrebuilt"] = attack.best_attacker.predict(sent)
        pictures.comparison(directory / "grid.png", shown, SHOWN)
        return found

    return run


def _releases(task, profile, config, directory, data):
    """The four methods' releases on the networks of Figure 3."""
    paper = ran_tasks.config(task, profile, "paper")
    wide = train_lib.undefended(
        paper, directory.parents[1] / "dnn_paper" / "0"
    ).layers[0]
    ran = ran_figure4.clients(config, directory)["ran"]
    return {
        "noisy": Laplace(FACTOR, 0),
        "dnn": releases.KerasRelease(wide),
        "dnn_resized": ResizedDNN(wide, data, factor=FACTOR, seed=0),
        "ran": releases.KerasRelease(ran, 0),
    }
