"""RAN's first table: MNIST and Fashion-MNIST, from training to the phone.

Rows of a data set, each the mean of the seeds:

    ran              the config's improvements, see its docstring
    undefended       the same architecture, trained for accuracy alone
    laplace          raw images under as much Laplace noise as keeps the
                     validation accuracy of `ran` within 0.2 points, or the
                     least tried, 0.01, where even that costs more
    ran:int8         the exported .tflite with its SavedModel
    ran:paper        the paper's objective and network, lambda 0.5
    undefended:paper the paper's network, trained for accuracy alone

The attackers are ridge, nearest neighbours, perceptron, mirror and residual
decoder; kernel ridge finds more in the short codes, see ran_figure3. All see
the data equally often. RAN takes k + 1 steps of client and server a batch (2
in `ran`, 4 in `ran:paper`), the undefended classifier one.
"""

import functools
import importlib

from kprivacy import audit_lib, files, tables, train_lib, workdir
from kprivacy.experiments import clients, laplace, summaries

DATA = ("mnist", "fashion_mnist")
SEEDS = (0, 1, 2)
KEYS = ("accuracy", "attack_error", "ceiling", "error_over_ceiling")
ATTACKERS = ("ridge", "nearest_neighbours", "mlp", "mirror", "residual")


def cells(profile):
    """The trainings of the table: name, config, function of (it, folder)."""
    for variant, run in (("ran", _with_export), ("paper", _audited)):
        for name in DATA:
            for seed in SEEDS:
                config = _config(name, variant, seed, profile)
                yield (
                    f"{name}/{variant}/{seed}", config,
                    functools.partial(run, self_checks=profile != "smoke"),
                )


def rows(found):
    """The rows from what every cell found, a dict of lists over seeds."""
    table = []
    for name in DATA:
        ran = [found[f"{name}/ran/{seed}"] for seed in SEEDS]
        for row in ("ran", "undefended", "laplace", "ran:int8"):
            table.append(
                summaries.row(f"{name}:{row}", [one[row] for one in ran])
            )
        paper = [found[f"{name}/paper/{seed}"] for seed in SEEDS]
        for row in ("ran", "undefended"):
            table.append(
                summaries.row(
                    f"{name}:{row}:paper", [one[row] for one in paper]
                )
            )
    return table


def draw(path, results, runs):
    """Inputs and reconstructions beside the table."""
    samples = [
        (f"{name}:{kind}", runs / name / kind / "0" / "samples")
        for name in DATA
        for kind in ("ran", "paper")
    ]
    tables.picture(path, samples)


def _config(name, variant, seed, profile):
    module = importlib.import_module(f"kprivacy.configs.ran_{name}")
    config = module.get_config("paper" if variant == "paper" else None)
    if profile == "smoke":
        config = module.get_config("smoke")
    config.seed = seed
    if profile == "cpu":
        config.attack.attackers = ATTACKERS
    return config


def _audited(config, directory, self_checks):
    train_lib.train(config, directory)
    if not (directory / "audit" / "audit.json").exists():
        options = audit_lib.Options(self_checks=self_checks)
        audit_lib.audit(directory, options=options)
    return _read(directory)


def _with_export(config, directory, self_checks):
    found = _audited(config, directory, self_checks)
    exported = clients.exported(directory)
    found["laplace"] = _result(
        laplace.at_accuracy(config, directory, workdir.read_model(directory))
    )
    utility, attack = (exported["after"][k] for k in ("utility", "attack"))
    file, plain = (exported["variants"][k] for k in ("int8", "float32"))
    found["ran:int8"] = {
        **_result({
            "accuracy": utility["value"],
            "attack_error": attack["value"],
            "attacker": attack["attacker"],
            "reconstruction": attack["reconstruction"],
        }),
        "bytes": file["bytes"],
        "bytes_over_float32": file["bytes"] / plain["bytes"],
        "parity_mean_quanta": file["parity"]["mean_quanta"],
        "parity_max_quanta": file["parity"]["max_quanta"],
        "latency_ms": file["latency_ms"]["threads_1"]["p50"],
    }
    return found


def _read(directory):
    audited = files.read_json(directory / "audit" / "audit.json")
    reference = files.read_json(directory / "audit" / "undefended.json")
    reconstruction = audited["reconstruction"]
    best = reconstruction["results"][0]
    return {
        "ran": _result({
            "accuracy": audited["accuracy"],
            "attack_error": best["mse"],
            "attacker": best["attacker"],
            "reconstruction": reconstruction,
        }),
        "undefended": _result({
            **reference,
            "attacker": reference["reconstruction"]["results"][0]["attacker"],
        }),
    }


def _result(found):
    reconstruction = found["reconstruction"]
    ceiling = reconstruction["label_only_error"]
    result = {
        "accuracy": found["accuracy"],
        "attack_error": found["attack_error"],
        "attacker": found["attacker"],
        "ceiling": ceiling,
        "error_over_ceiling": found["attack_error"] / ceiling,
        "mean_error": reconstruction["mean_error"],
        "all_attackers": {
            one["attacker"]: one["mse"] for one in reconstruction["results"]
        },
    }
    for key in ("scale", "reached", "noise_error"):
        if key in found:
            result[key] = found[key]
    return result
