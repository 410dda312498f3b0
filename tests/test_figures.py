"""The experiments behind RAN's figures, on two steps of everything."""

import pytest

from kprivacy import reproduce_lib
from kprivacy.experiments import ran_tasks, summaries

pytestmark = pytest.mark.filterwarnings(
    # So few steps make weak attackers.
    "ignore:The best attacker's error"
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return tmp_path_factory.mktemp("runs"), tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def figure3(folders):
    return reproduce_lib.reproduce("ran_figure3", *folders, profile="smoke")


def test_figure3_has_every_row(figure3, folders):
    names = [row["name"] for row in figure3["rows"]]
    assert names == [
        "digits:ran:lambda=0.5", "digits:ran:lambda=0.9",
        "digits:ran:chosen",
        "digits:ran:chosen:noise=1",
        "digits:ran:chosen:noise=4", "digits:ran:paper:lambda=0.9",
        "digits:dnn", "digits:dnn:paper", "digits:dnn_resized:factor=0.3",
        "digits:dnn_resized_trained:factor=0.3", "digits:noisy:factor=0.3",
        "digits:noisy_trained:factor=0.3", "digits:label_only",
    ]
    for row in figure3["rows"]:
        measured = row["measured"]
        assert measured["error_over_ceiling"] == pytest.approx(
            measured["attack_error"] / measured["ceiling"]
        )
        assert ("own_decoder_error" in measured) == (
            ":ran:" in row["name"] and "noise" not in row["name"]
        )
    page = (folders[1] / "ran_figure3_smoke.md").read_text()
    assert "`digits:ran:chosen`" in page and "points from `dnn`" in page
    assert (folders[1] / "ran_figure3_smoke.png").stat().st_size > 5000


def test_the_chosen_lambda_is_one_of_the_sweep(figure3):
    chosen = next(
        row for row in figure3["rows"] if row["name"].endswith(":chosen")
    )
    weight = chosen["seeds"][0]["utility_weight"]
    assert weight in ran_tasks.SMOKE.weights


@pytest.mark.parametrize(
    "name, rows",
    [
        ("ran_figure4", ["digits:dnn", "digits:ran"]),
        ("ran_figure5", ["digits:dnn", "digits:ran"]),
        ("ran_figure6", ["digits:noisy", "digits:dnn", "digits:dnn_resized",
                         "digits:ran"]),
    ],
)
def test_the_pictures_go_on_with_its_networks(figure3, folders, name, rows):
    before = _networks(folders[0])
    found = reproduce_lib.reproduce(name, *folders, profile="smoke")
    assert [row["name"] for row in found["rows"]] == rows
    assert _networks(folders[0]) == before
    assert (folders[1] / f"{name}_smoke.png").stat().st_size > 5000
    assert (folders[1] / f"{name}_smoke.md").is_file()


def _networks(runs):
    """All trained networks and when they were written."""
    return {
        path: path.stat().st_mtime_ns for path in runs.rglob("*.keras")
    }


def row(accuracy, error):
    measured = {"accuracy": accuracy, "attack_error": error, "ceiling": 1.0}
    return {"measured": measured}


def test_crossings_by_hand():
    rows = {
        "ran:lambda=0.5": row(0.9, 0.8),
        "ran:lambda=0.9": row(0.95, 0.6),
        "dnn": row(0.94, 0.7),  # above .6, which RAN has from .94 on
        "noisy:factor=0.1": row(0.85, 0.75),  # below .8
        "noisy:factor=0.9": row(0.99, 0.01),  # more accurate than any RAN
        "label_only": row(0.95, 1.0),  # a reference, no rival
    }
    found = {label: excess for label, _, excess in summaries.crossings(rows)}
    assert found == pytest.approx({"dnn": 0.1, "noisy:factor=0.9": 0.01})


def test_fronts_by_hand():
    points = [(0.5, 0.9), (0.9, 0.5), (0.6, 0.4), (0.9, 0.5)]
    assert summaries.front(points) == [(0.5, 0.9), (0.9, 0.5)]


def test_the_strongest_attacker_is_told():
    seeds = [{"attacker_accuracy": 0.5, "attackers": {"a": 0.5, "b": one}}
             for one in (0.6, 0.4)]
    found = summaries.row("x", seeds)
    assert found["measured"]["strongest"] == pytest.approx(0.55)
    assert found["measured"]["attacker_accuracy"] == 0.5
    assert "strongest" not in summaries.row("x", [{"a": 1.0}])["measured"]


def test_rows_over_seeds():
    one, two = ({"accuracy": a, "attacker": n} for a, n in
                ((0.8, "mlp"), (0.9, "ridge")))
    found = summaries.row("x", [one, two])
    assert found["measured"]["accuracy"] == pytest.approx(0.85)
    # ((.05^2 + .05^2) / 1)^.5
    assert found["std"]["accuracy"] == pytest.approx(0.0707107, rel=1e-5)
    assert found["measured"]["attacker"] == "mlp, ridge"
