"""The domains of a config: sets, files of vectors, words."""

import os
import pathlib

import ml_collections
import numpy as np
import pytest

from kprivacy.errors import UserError
from kprivacy.fakesafe import domains, words

GLOVE = (
    pathlib.Path(__file__).parents[2]
    / "shared/glove/glove_small_vocab_50d.txt"
)


def section(name, **options):
    return ml_collections.ConfigDict({"name": name, **options})


def test_sets_of_images_come_with_their_options():
    found = domains.read(section("digits", download=False), "test[:20]")
    assert found.data.shape == (20, 28, 28, 1)
    assert found.num_classes == 10


def saved(tmp_path, **arrays):
    path = tmp_path / "vectors.npz"
    np.savez(path, **arrays)
    return domains.read(section(f"vectors:{path}"), "test")


def test_vectors_from_a_file(tmp_path):
    data = np.random.default_rng(0).normal(size=(6, 3))
    found = saved(tmp_path, data=data)
    assert found.data.dtype == np.float32
    np.testing.assert_array_equal(found.data, data.astype("float32"))
    np.testing.assert_array_equal(found.labels, np.arange(6))
    assert found.num_classes == 6
    found = saved(tmp_path, data=data, labels=np.array([0, 2, 1, 1, 0, 2]))
    assert found.labels.tolist() == [0, 2, 1, 1, 0, 2]
    assert found.num_classes == 3


@pytest.mark.parametrize("arrays, sentence", [
    ({"other": np.ones((2, 2))}, r"Received: float64 \(0,\)"),
    ({"data": np.ones(4)}, r"Received: float64 \(4,\)"),
    ({"data": np.ones((0, 4))}, r"Received: float64 \(0, 4\)"),
    ({"data": np.array([[1.0, np.nan]])}, "must be finite"),
    ({"data": np.array([["a", "b"]])}, "Received: <U1"),
    ({"data": np.array([[1, None]])}, "Object arrays cannot be loaded"),
    ({"data": np.ones((2, 2)), "labels": np.arange(3)}, r"int64 \(3,\)"),
    ({"data": np.ones((2, 2)), "labels": np.array([0, -1])}, "from 0, for"),
    ({"data": np.ones((2, 2)), "labels": np.array([0, 0.5])}, "float64"),
])
def test_what_is_no_file_of_vectors(tmp_path, arrays, sentence):
    with pytest.raises(UserError, match=sentence):
        saved(tmp_path, **arrays)


@pytest.mark.parametrize("damage", ["missing", "text", "cut", "npy"])
def test_damaged_files_of_vectors(tmp_path, damage):
    path = tmp_path / "vectors.npz"
    if damage == "text":
        path.write_text("1, 2, 3")
    elif damage == "cut":
        np.savez(path, data=np.ones((50, 8)))
        path.write_bytes(path.read_bytes()[:-40])
    elif damage == "npy":
        with open(path, "wb") as file:
            np.save(file, np.ones((2, 2)))
    with pytest.raises(UserError, match="is an .npz file with an array"):
        domains.read(section(f"vectors:{path}"), "test")


@pytest.fixture
def corpus(tfds_dir):
    if not os.path.isdir(os.path.join(tfds_dir, words.CORPUS)):
        pytest.skip(f"needs {words.CORPUS} in TFDS_DATA_DIR")
    return tfds_dir


@pytest.fixture
def glove(corpus, monkeypatch):
    if not GLOVE.is_file():
        pytest.skip(f"needs {GLOVE}")
    monkeypatch.setenv(words.GLOVE_VARIABLE, str(GLOVE))


def test_tokens_are_binary_digits(corpus):
    found = domains.read(section("words:tokens:top100", data_dir=corpus), "x")
    assert found.data.shape == (100, 7) and found.num_classes == 100
    digits = (found.data > 0).astype(int)
    np.testing.assert_array_equal(digits @ 2 ** np.arange(7),
                                  np.arange(1, 101))
    vectors = words.embeddings("words:tokens:top100", corpus)
    assert vectors.nearest(found.data) == list(vectors.words)
    np.testing.assert_array_equal(found.labels, np.arange(100))


def test_words_of_glove_are_in_standard_units(glove):
    found = domains.read(section("words:glove:all"), "x")
    assert found.data.dtype == np.float32
    assert found.data.shape == (found.num_classes, 50)
    assert found.num_classes > 100
    np.testing.assert_allclose(found.data.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(found.data.std(0), 1, atol=1e-3)
    top = domains.read(section("words:glove:top100"), "x")
    assert top.data.shape == (100, 50)
    every = words.embeddings("words:glove:all").words
    assert words.embeddings("words:glove:top100").words == every[:100]


def test_words_of_the_corpus_have_300_numbers(corpus):
    found = domains.read(section("words:corpus:all"), "x")
    assert found.data.shape == (found.num_classes, words.CORPUS_SIZE)
    assert np.isfinite(found.data).all()
    assert len(np.unique(found.data, axis=0)) == found.num_classes


@pytest.mark.parametrize("name, sentence", [
    ("words:letters:all", "one of 'tokens', 'glove', 'corpus'"),
    ("words:tokens:top0", "Received: 'words:tokens:top0'"),
    ("words:tokens", "'words:KIND:all' or 'words:KIND:topN'"),
])
def test_names_of_words(name, sentence):
    with pytest.raises(UserError, match=sentence):
        domains.read(section(name), "x")


@pytest.mark.parametrize("value", [None, "/no/such/file.txt"])
def test_glove_must_be_named(monkeypatch, value):
    monkeypatch.delenv(words.GLOVE_VARIABLE, raising=False)
    if value:
        monkeypatch.setenv(words.GLOVE_VARIABLE, value)
    with pytest.raises(UserError, match=f"{words.GLOVE_VARIABLE} must name"):
        words.embeddings.__wrapped__("words:glove:all")


def test_copies_are_moved_and_repeat():
    held = section("digits", train_split="defender[:20]", copies=2)
    arrays = domains.training(held, seed=3)
    known = domains.read(held, "defender[:20]")
    np.testing.assert_array_equal(arrays.labels, np.tile(known.labels, 3))
    found, original = arrays.data, known.data
    assert found.shape == (60, 28, 28, 1) and found.dtype == np.float32
    np.testing.assert_array_equal(found[:20], original)
    for copy in (found[20:40], found[40:]):
        assert np.abs(copy - original).mean() > 0.01
        assert copy.min() >= 0 and copy.max() <= 1
    assert np.abs(found[20:40] - found[40:]).mean() > 0.01
    np.testing.assert_array_equal(
        found, domains.training(held, seed=3).data
    )
    held.copies = 0
    np.testing.assert_array_equal(domains.training(held).data, original)
