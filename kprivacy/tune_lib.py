"""Picks RAN's lambda for an accuracy that must be kept."""

import math
import pathlib

from kprivacy import (
    audit_lib,
    errors,
    files,
    releases,
    train_lib,
    workdir,
)
from kprivacy.attacks import Reconstruction

LOWEST, HIGHEST = 0.05, 0.999
ATTACKERS = ("ridge", "class_posterior", "mlp")
SLACK = 0.003


def tune(config, directory, accuracy=None, trials=5):
    """Searches the lambda that is hardest to attack at an accuracy.

    Lambda is bisected in its log-odds: after a trial that is accurate enough
    a smaller one is tried, which weighs privacy more, and a larger one after
    a trial that is not. Accuracy and attack are measured on the validation
    split, by attackers of the attacker's split; the test split stays unseen.

    Args:
        config: A config of `configs/`; its lambda is not used.
        directory: Each trial is a working directory in it, lambda_VALUE;
            a second call goes on where the first one stopped.
        accuracy: The least accuracy on the validation split, in (0, 1]; None
            for that of the undefended classifier less 0.3 points.
        trials: How many lambdas are trained.

    Returns:
        A dict with `accuracy` as asked for, `reached`, `trials`, and the
        `chosen` one of them; also in `directory`/tune.json.
    """
    errors.check_count("trials", trials)
    workdir.check_method(config, "Tuning")
    if accuracy is not None:
        errors.check_fraction("accuracy", accuracy)
    directory = pathlib.Path(directory)
    held = workdir.read_data(config, config.data.validation_split)
    if accuracy is None:
        accuracy = _undefended(config, directory / "undefended", held) - SLACK
    low, high = map(_log_odds, (LOWEST, HIGHEST))
    found = []
    for _ in range(trials):
        weight = _rounded((low + high) / 2)
        found.append(_trial(config, directory, weight, held))
        if found[-1]["validation_accuracy"] >= accuracy:
            high = _log_odds(weight)
        else:
            low = _log_odds(weight)
    chosen = choose(found, accuracy)
    result = {
        "accuracy": accuracy,
        "reached": chosen["validation_accuracy"] >= accuracy,
        "chosen": chosen,
        "trials": found,
    }
    files.write_json(directory / "tune.json", result)
    return result


def choose(trials, accuracy):
    """The trial to be used: as accurate as asked, and hardest to attack.

    Args:
        trials: Dicts with `validation_accuracy` and `validation_error`.
        accuracy: The least accuracy on validation data; where none reaches
            it the most accurate one is chosen.
    """
    good = [one for one in trials if one["validation_accuracy"] >= accuracy]
    if not good:
        return max(trials, key=lambda one: one["validation_accuracy"])
    return max(good, key=lambda one: one["validation_error"])


def summary(result):
    """The trials as text, the chosen one marked."""
    lines = [f"{'lambda':>8}{'accuracy':>10}{'attack error':>14}"]
    for one in sorted(result["trials"], key=lambda x: x["utility_weight"]):
        mark = "  <- chosen" if one == result["chosen"] else ""
        lines.append(
            f"{one['utility_weight']:8g}{one['validation_accuracy']:10.2%}"
            f"{one['validation_error']:14.5f}{mark}"
        )
    lines.append(
        f"asked for: accuracy {result['accuracy']:.2%} on validation data"
        + ("" if result["reached"] else "; NOT REACHED, the closest is chosen")
    )
    return "\n".join(lines)


def _trial(config, directory, weight, held):
    config = config.copy_and_resolve_references()
    config.model.utility_weight = weight
    folder = directory / f"lambda_{weight:g}"
    path = folder / "trial.json"
    workdir.write_config(folder, config)
    if path.exists():
        return files.read_json(path)
    model = train_lib.train(config, folder)
    release = releases.KerasRelease(model.client, config.seed)
    attacker = workdir.read_data(config, config.data.attacker_split)
    attacked = Reconstruction(
        attackers=ATTACKERS,
        steps=config.attack.steps,
        seed=config.seed,
        repeats=0,
    ).run(release, attacker, held)
    found = {
        "utility_weight": weight,
        "validation_accuracy": audit_lib.accuracy(
            model.server, release, held
        ),
        "validation_error": attacked.best.mse,
        "attacker": attacked.best.attacker,
        "workdir": str(folder),
    }
    files.write_json(path, found)
    return found


def _undefended(config, directory, held):
    client, server = train_lib.undefended(config, directory).layers
    return audit_lib.accuracy(server, releases.KerasRelease(client), held)


def _log_odds(weight):
    return math.log(weight / (1 - weight))


def _rounded(log_odds):
    """Lambda with three digits of the smaller side: 0.0123, 0.998."""
    weight = 1 / (1 + math.exp(-log_odds))
    digits = 2 - math.floor(math.log10(min(weight, 1 - weight)))
    return round(weight, digits)
