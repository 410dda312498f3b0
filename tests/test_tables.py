"""Pages of tables: of how many seeds numbers and verdicts are."""

import importlib
import json
import pathlib

import pytest
from matplotlib.figure import Figure

from kprivacy import tables
from kprivacy.experiments import plots, summaries

RESULTS = pathlib.Path(__file__).parent.parent / "docs" / "results"
TABLES = sorted(
    path.stem for path in RESULTS.glob("*.json") if path.stem != "benchmarks"
)


def row(name, *accuracies):
    return summaries.row(name, [
        {"accuracy": one, "images_per_second": one, "int8_per_second": one,
         "peak_accuracy": one, "psnr": 33.0}
        for one in accuracies
    ])


def results(rows, seeds=(0, 1, 2)):
    environment = {"seconds": 60, "cpu": "one", "tensorflow": "2",
                   "keras": "3", "kprivacy": "0"}
    return {"experiment": "some", "profile": "cpu", "command": "make it",
            "seeds": list(seeds), "environment": environment, "rows": rows}


def test_one_seed_has_no_deviation():
    assert row("x", 0.8)["std"] == {}
    assert set(row("x", 0.8, 0.9)["std"]) == {
        "accuracy", "images_per_second", "int8_per_second", "peak_accuracy",
        "psnr",
    }


@pytest.mark.parametrize("rows, seeds, words", [
    ([row("a", 0.1)], (0, 1, 2), "one seed a row, of 0, 1, 2; profile"),
    ([row("a", 0.1)], (0,), "one seed, 0; profile"),
    ([row("a", 0.1, 0.2, 0.3)], (0, 1, 2),
     "mean ± standard deviation over seeds 0, 1, 2; profile"),
    ([row("a", 0.1, 0.2, 0.3), row("b", 0.1)], (0, 1, 2),
     "over seeds 0, 1, 2; rows without ± have one seed; profile"),
    ([row("a", 0.1, 0.2), row("b", 0.1)], (0, 1, 2),
     "over up to 2 of the seeds 0, 1, 2; rows without ± have one seed; "),
])
def test_a_page_says_of_which_seeds_it_is(rows, seeds, words):
    page = tables.markdown(results(rows, seeds), "A table.")
    assert f"`make it`: {words}" in page or words in page
    assert ("±" in page.split("| row |")[1]) == (
        max(len(one["seeds"]) for one in rows) > 1
    )


@pytest.mark.parametrize("name", TABLES)
def test_rows_of_finished_pages_stay(name):
    """And their heads, where every row has every seed."""
    found = json.loads((RESULTS / f"{name}.json").read_text())
    for one in found["rows"]:  # as they are written now
        if len(one["seeds"]) == 1:
            one["std"] = {}
    text = tables.markdown(found, "")
    page = (RESULTS / f"{name}.md").read_text()
    held = [one for one in page.splitlines() if one.startswith("| `")]
    made = [one for one in text.splitlines() if one.startswith("| `")]
    # A page may be older than the last columns.
    assert len(held) == len(made) and all(
        new.startswith(old.removesuffix("|")) for old, new in zip(held, made)
    )
    if all(len(one["seeds"]) == len(found["seeds"]) > 1
           for one in found["rows"]):
        assert text[text.index("Made by"):text.index("| row")] in page


@pytest.mark.parametrize("seeds, words", [(1, "one seed"), (2, "2 seeds")])
def test_verdicts_say_of_how_many_seeds_they_are(seeds, words):
    data = "cifar10_subset"
    named = {
        "table1": [f"{data}:vgg11:confounder_gan"],
        "table2": [f"{data}:none:{one}" for one in (
            "natural", "confounder_gan", "emn")],
        "figure4": [f"{data}:none:confounder_gan"],
        "figure5": [f"{data}:p50:{one}" for one in (
            "confounder_gan", "confounder_gan_out")],
        "figure6": [f"{data}:noise:{one}" for one in (
            "confounder_gan", "emn")],
        "countermeasures": [f"{data}:grey:{one}" for one in (
            "confounder_gan", "emn")],
    }
    for name, rows in named.items():
        module = importlib.import_module(
            f"kprivacy.experiments.confounder_gan_{name}"
        )
        made = [row(one, *seeds * [0.11]) for one in rows]
        if name == "figure5":  # a row with more seeds does not help
            made[1] = row(rows[1], 0.1, 0.1, 0.1)
        said = list(module.notes(results(made)))
        assert said and all(words in one for one in said), (name, said)


def test_rows_of_one_seed_are_drawn():
    figure = Figure()
    plots.trade_offs(
        figure, [row("a", 0.1), row("b", 0.1, 0.2)], "accuracy",
        ["images_per_second"],
    )
    (axis,) = figure.axes
    assert len(axis.containers) == 2
    assert axis.containers[0].has_xerr is False
