"""Runs an experiment's cells, each once, and writes its table."""

import importlib
import pathlib
import time

from kprivacy import errors, files, tables, workdir

CELL = "cell.json"
# Of experiments that do not say which they have.
PROFILES = ("cpu", "smoke")


def reproduce(
    experiment, runs_dir, output_dir, profile="cpu", only="", finished=False
):
    """Runs what is not there yet of an experiment and writes its table.

    Args:
        experiment: Name of a module of `kprivacy.experiments`.
        runs_dir: Where trainings are kept; a second call goes on there.
        output_dir: Where NAME.json, NAME.md and NAME.png are written, or
            NAME_paper and NAME_smoke.
        profile: "cpu" for the numbers in docs/results, "smoke" for two
            steps of everything, "paper" for the paper's networks and data
            sets, where the experiment has it.
        only: Begin of the names of the cells to run. Where it leaves some
            out no table is written: run the rest in other processes or on
            other machines, then all of it.
        finished: Whether to run nothing, and write a table of the cells that
            are done, which names the others; without a picture while there
            are any.

    Returns:
        The results, a dict that is also in NAME.json; None after a part.
    """
    module = importlib.import_module(f"kprivacy.experiments.{experiment}")
    errors.check_choice(
        f"profile of {experiment}", profile,
        getattr(module, "PROFILES", PROFILES),
    )
    shared = getattr(module, "RUNS", experiment)
    runs = pathlib.Path(runs_dir) / stem(shared, profile)
    found = {}
    cells, left = list(module.cells(profile)), []
    if finished:
        left = [cell[0] for cell in cells if not _result(runs / cell[0])]
        cells = [cell for cell in cells if cell[0] not in left]
        if not cells:
            raise workdir.WorkdirError(
                f"`finished` needs a finished cell. Received: {str(runs)!r}, "
                f"where none of {len(left)} is. Leave it out to run them."
            )
    if not any(name.startswith(only) for name, _, _ in cells):
        raise workdir.WorkdirError(
            f"`only` must begin the name of a cell. Received: {only!r}; "
            f"the cells are {', '.join(name for name, _, _ in cells)}."
        )
    for name, config, run in cells:
        if name.startswith(only):
            found[name] = _once(name, config, run, runs / name)
    if len(found) < len(cells):
        return None
    results = {
        "experiment": experiment,
        "profile": profile,
        "command": "python -m kprivacy.reproduce "
        f"--experiment={experiment} --profile={profile}"
        + " --finished" * bool(left),
        "seeds": list(module.SEEDS),
        "environment": {
            **_environment(found),
            "seconds": sum(one["seconds"] for one in found.values()),
        },
        "rows": module.rows({n: one["found"] for n, one in found.items()}),
        "cells": {
            name: {"cpu": one["environment"]["cpu"]}
            for name, one in found.items()
        },
    }
    output = pathlib.Path(output_dir)
    name = stem(experiment, profile)
    files.write_json(output / f"{name}.json", results)
    notes = _notes(module, results, left)
    text = tables.markdown(results, module.__doc__, notes)
    files.write_bytes(output / f"{name}.md", text.encode())
    if not left:
        module.draw(output / f"{name}.png", results, runs)
    return results


def stem(experiment, profile):
    """The name of an experiment's files: other sizes have others."""
    return experiment if profile == "cpu" else f"{experiment}_{profile}"


def _environment(cells):
    """What cells were run with: all values, where they differ."""
    held = [one["environment"] for one in cells.values()]
    return {
        key: " and ".join(dict.fromkeys(str(one[key]) for one in held))
        for key in held[0]
    }


def _notes(module, results, left):
    """A module's remarks on its results, after what is not run yet."""
    make = getattr(module, "notes", lambda _: ())
    before = _machines(results["cells"])
    if left:
        before.insert(0, f"Unfinished. Not run yet: {_quoted(left)}.")
    try:
        for note in make(results):
            before.append(note)
    except KeyError as error:
        if not left:
            raise
        before.append(
            f"Remarks from here on compare with what is not run yet: {error}."
        )
    return before


def _machines(cells):
    """Which cells another processor ran than most, a sentence for each."""
    ran = {}
    for name, cell in cells.items():
        ran.setdefault(cell["cpu"], []).append(name)
    _, *others = sorted(ran, key=lambda cpu: -len(ran[cpu]))
    return [
        f"Run on {cpu}, with what they need of others made again there from "
        f"the same seeds: {_quoted(ran[cpu])}." for cpu in others
    ]


def _quoted(names):
    return ", ".join(f"`{one}`" for one in names)


def _result(directory):
    """Whether a cell's result is there."""
    return (directory / CELL).exists()


def _once(name, config, run, directory):
    """Runs a cell unless its result is there; times what it takes."""
    workdir.write_config(directory, config)
    path = directory / CELL
    if _result(directory):
        return files.read_json(path)
    print(f"{name} ...", flush=True)
    begin = time.perf_counter()
    found = run(config, directory)
    cell = {
        "found": found,
        "seconds": time.perf_counter() - begin,
        "environment": files.environment(),
    }
    files.write_json(path, cell)
    print(f"{name} took {cell['seconds']:.0f} s", flush=True)
    return cell
