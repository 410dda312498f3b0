"""The experiments behind FakeSafe's tables, on two steps of everything."""

import pytest

from kprivacy import reproduce_lib

pytestmark = pytest.mark.filterwarnings(
    # So few steps make weak attackers.
    "ignore:The best attacker's error",
    "ignore:The model does not beat",
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return tmp_path_factory.mktemp("runs"), tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def table1(folders):
    return reproduce_lib.reproduce(
        "fakesafe_table1", *folders, profile="smoke"
    )


def test_table1_has_both_settings(table1, folders):
    rows = {row["name"]: row["measured"] for row in table1["rows"]}
    assert list(rows) == [
        "digits->digits:paper_setting", "digits->digits:ours"
    ]
    for measured in rows.values():
        assert {"f1", "precision", "recall", "mse", "psnr", "f1_real",
                "frechet", "detector_accuracy"} <= set(measured)
    page = (folders[1] / "fakesafe_table1_smoke.md").read_text()
    assert "`digits->digits:ours`" in page and "goal" in page
    assert (folders[1] / "fakesafe_table1_smoke.png").stat().st_size > 5000


@pytest.mark.parametrize(
    "name, keys",
    [
        ("fakesafe_table2", {"f1", "mse", "frechet"}),
        ("fakesafe_robustness", {"f1", "f1_noise", "f1_jpeg_90", "drop"}),
        ("fakesafe_secrecy", {"f1", "chance", "f1_other_server", "probe"}),
    ],
)
def test_the_others_go_on_with_its_trainings(table1, folders, name, keys):
    before = (folders[0] / "fakesafe_table1_smoke" / "digits->digits" /
              "ours" / "0" / "model.keras").stat().st_mtime_ns
    found = reproduce_lib.reproduce(name, *folders, profile="smoke")
    steps = [row for row in found["rows"] if "convolutional" in row["name"]]
    assert len(found["rows"]) - len(steps) == 2
    for row in found["rows"]:
        assert keys <= set(row["measured"]), row["name"]
    assert (folders[0] / "fakesafe_table1_smoke" / "digits->digits" /
            "ours" / "0" / "model.keras").stat().st_mtime_ns == before
    assert (folders[1] / f"{name}_smoke.md").is_file()


def test_sentences_go_there_and_back(table1, folders, tfds_dir):
    found = reproduce_lib.reproduce(
        "fakesafe_table3", *folders, profile="smoke"
    )
    assert [row["name"] for row in found["rows"]] == [
        f"{stem}:{setting}"
        for stem in ("seq2seq:tatoeba", "seq2seq:small_vocab",
                     "by words:small_vocab")
        for setting in ("paper_setting", "ours")
    ]
    for row in found["rows"]:
        assert 0 <= row["measured"]["bleu"] <= row["measured"]["bleu_real"] + (
            0.1
        )
