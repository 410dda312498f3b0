"""Files of strangers: always an answer or a sentence, and nothing else.

A part of `python -m tests.faults.fuzz`, the same in every run.
"""

import pathlib

import numpy as np
import pytest

from kprivacy import files
from kprivacy.errors import UserError
from kprivacy.photos import run as photos
from kprivacy.protection import arrays, sides
from tests.faults import fuzz, targets

COUNTS = {"picture": 120, "training_image": 40, "array": 80, "manifest": 60,
          "vectors": 40, "contract": 15, "bundle": 10, "tflite": 25,
          "keras": 12}


@pytest.mark.parametrize("name", COUNTS)
def test_damaged_files(name, tmp_path):
    target, found = targets.TARGETS[name], []
    for index, file, content in fuzz.cases(name, target, 7, 0, COUNTS[name]):
        folder = tmp_path / str(index)
        folder.mkdir()
        said = fuzz.outcome(target, file, content, folder)
        found.append(said)
        assert said in ("read", "refused"), (index, file)
    # Some damage is to what nobody reads; most is seen.
    assert found.count("refused") > found.count("read") > 0


def test_the_fuzz_sees_what_is_wrong(tmp_path):
    """A reader that fails or writes is found."""
    def failing(path):
        raise KeyError("x")

    def writing(path):
        path.with_name("other").write_bytes(b"")

    said = [
        fuzz.outcome(targets.Target(dict, read), "a", b"", tmp_path)
        for read in (failing, writing)
    ]
    assert said[0].startswith("KeyError") and "appeared" in said[1]


def test_a_keras_file_that_would_run_code_is_refused(tmp_path):
    content = targets.keras_files()["client.keras "]
    (tmp_path / "client.keras").write_bytes(content)
    with pytest.raises(UserError, match="only from whom you trust"):
        sides.read_generator(tmp_path)


@pytest.mark.parametrize("content", [
    b"\xff\xfe", b"[" * 100_000, b"{\"a\": 1", b"",
])
def test_what_is_no_json(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match="not valid JSON"):
        files.read_json(path)


def test_an_array_that_claims_more_than_it_has(tmp_path):
    path = tmp_path / "bomb.npz"
    path.write_bytes(targets.arrays()["bomb.npz"])
    with pytest.raises(UserError, match="claims 16,000,000,000,000 bytes"):
        arrays.read(path, (4,))


def test_names_that_lead_out_of_a_folder(tmp_path):
    """Links in a folder of photographs are not followed, but counted."""
    secret, source = tmp_path / "secret", tmp_path / "in"
    secret.mkdir()
    source.mkdir()
    content = targets.pictures()["a.png"]
    (secret / "private.png").write_bytes(content)
    (source / "a.png").write_bytes(content)
    (source / "link.png").symlink_to(secret / "private.png")
    (source / "folder").symlink_to(secret, target_is_directory=True)
    _, names, others = photos.find(source)
    assert names == ["a.png"] and sorted(others) == ["folder", "link.png"]


@pytest.mark.parametrize("rows, said", [
    (np.float32([[1, np.nan]]), "finite"),
    (np.float32([[np.inf, 1]]), "finite"),
    (np.array([["a", "b"]]), "numbers of shape"), (np.ones(2), "shape"),
    (np.ones((1, 3)), "shape"), (np.ones((1, 2), bool), "numbers of shape"),
    (np.ones((1, 2), complex), "numbers of shape"),
])
def test_numbers_that_are_none(tmp_path, rows, said):
    path = tmp_path / "a.npy"
    np.save(path, rows)
    with pytest.raises(UserError, match=said):
        arrays.read_examples(path, sides.Domain("vector", (2,)))


def test_assets_are_where_the_fuzz_looks():
    assert pathlib.Path(targets.RAN, "contract.json").is_file()
