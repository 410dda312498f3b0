"""Tokens, word vectors, GloVe's files, words through FakeSafe."""

import pathlib

import numpy as np
import pytest

from kprivacy.data import DataError
from kprivacy.errors import UserError
from kprivacy.text import (
    Embeddings,
    StandardUnits,
    TextReceiver,
    TextSender,
    Vocabulary,
    WordCodec,
    complete,
    corpus_embeddings,
    fitting,
    load_codec,
    one_hot,
    read_glove,
    read_sentences,
    tokenize,
)

GLOVE = pathlib.Path(__file__).parents[2].joinpath(
    "shared", "glove", "glove_small_vocab_50d.txt"
)
SENTENCES = [
    "She likes pears.",
    "he likes pears .",
    "she likes limes, and he sees limes.",
    "He sees paris.",
    "she sees rome.",
]


def test_tokenize():
    for sentence, tokens in (
        ("She LIKES limes.", ["she", "likes", "limes", "."]),
        ("limes , and pears .", ["limes", ",", "and", "pears", "."]),
        ("Limes, pears?", ["limes", ",", "pears", "?"]),
        ("Really?!", ["really", "?", "!"]),
        ("Mr. Lime isn't here.", ["mr.", "lime", "isn't", "here", "."]),
        ("1,000 limes", ["1,000", "limes"]),
        ("wait ...", ["wait", "..", "."]),
        (" , ", [","]),
        ("  ", []),
    ):
        assert tokenize(sentence) == tokens


def test_tokens_joined_by_blanks_are_the_same_tokens():
    for sentence in SENTENCES:
        tokens = tokenize(sentence)
        assert tokenize(" ".join(tokens)) == tokens


def test_vocabulary_is_ordered_by_frequency():
    vocabulary = Vocabulary.from_sentences(SENTENCES, size=4)
    # "." 5 times, "she", "he", "likes" and "sees" 3 times, by the alphabet.
    assert vocabulary.words == (".", "he", "likes", "sees")
    assert vocabulary.tokens[:4] == ("<pad>", "<start>", "<end>", "<unknown>")
    assert len(Vocabulary.from_sentences(SENTENCES)) == 4 + 11


def test_sentences_become_numbers_and_come_back():
    vocabulary = Vocabulary(["limes", "likes", "she", "."])
    encoded = vocabulary.encode(["She likes limes.", "he"], length=6)
    assert encoded.dtype == np.int32
    assert encoded.tolist() == [[6, 5, 4, 7, 2, 0], [3, 2, 0, 0, 0, 0]]
    assert vocabulary.decode(encoded) == ["she likes limes .", "<unknown>"]
    assert vocabulary.decode([[6, 2, 5]]) == ["she"]


def test_long_sentences():
    vocabulary = Vocabulary(["a"])
    with pytest.raises(UserError, match="at most 2 tokens.*Received: 3"):
        vocabulary.encode(["a a a"], length=3)
    cut = vocabulary.encode(["a a a"], length=3, truncate=True)
    assert cut.tolist() == [[4, 4, 2]]
    assert fitting(["a a a", "a a", ""], 3) == ["a a"]


def test_vocabulary_in_json(tmp_path):
    vocabulary = Vocabulary.from_sentences([*SENTENCES, "thé “quoted”"])
    vocabulary.save(tmp_path / "v.json")
    assert Vocabulary.load(tmp_path / "v.json").tokens == vocabulary.tokens
    for text, message in (
        ("{}", "format 1"),
        ("[1]", "format 1"),
        ('{"format": 1, "words": ["a", "a"]}', "distinct"),
        ('{"format": 1, "words": [["a"]]}', "no string"),
        ('{"format": 1, "words": ["<end>"]}', "distinct"),
        ("{", "not valid JSON"),
    ):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(UserError, match=message):
            Vocabulary.load(tmp_path / "bad.json")


def test_sets_that_are_not_there(tmp_path):
    with pytest.raises(DataError, match="Unknown data set 'no_such_text'"):
        read_sentences("no_such_text", data_dir=tmp_path)


def test_sets_without_text(tfds_dir):
    with pytest.raises(DataError, match="a feature 'text'.*image"):
        read_sentences("mnist", data_dir=tfds_dir)


@pytest.fixture(scope="module")
def small_vocab(tfds_dir):
    if not pathlib.Path(tfds_dir, "small_vocab_en").is_dir():
        pytest.skip("needs small_vocab_en in TFDS_DATA_DIR")
    return read_sentences("small_vocab_en", data_dir=tfds_dir)


def test_real_sentences(small_vocab, tfds_dir):
    assert len(small_vocab) == 50100
    first = read_sentences("small_vocab_en", data_dir=tfds_dir, limit=3)
    assert first == small_vocab[:3]
    assert small_vocab[3] == "you like grapes ."
    assert "oranges" in tokenize("he likes lemons , pears , and oranges.")
    with pytest.raises(UserError, match="`split` must be one of 'train'"):
        read_sentences("small_vocab_en", "no", data_dir=tfds_dir)
    with pytest.raises(UserError, match="`limit` must be an integer"):
        read_sentences("small_vocab_en", data_dir=tfds_dir, limit=0)


def test_nearest_is_the_largest_cosine():
    embeddings = Embeddings(["a", "b", "c"], [[1, 0], [0, 1], [-1, -1]])
    # Far along a: cosine .995 with a, .1 with b; nearer to b by distance.
    assert embeddings.nearest([[0.1, 5], [9, 1]], standard=False) == ["b", "a"]
    for standard in (True, False):
        vectors = embeddings.lookup(["c", "a"], standard)
        assert embeddings.nearest(3 * vectors, standard) == ["c", "a"]


def test_standard_units():
    generator = np.random.default_rng(0)
    vectors = generator.normal([1.0, -2, 3], [0.1, 5, 2], (50, 3))
    vectors[:, 0] = 7
    embeddings = Embeddings([str(i) for i in range(50)], vectors)
    found = embeddings.lookup(embeddings.words)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=0), [0, 1, 1], atol=1e-5)
    np.testing.assert_allclose(
        embeddings.units.restore(found), vectors, rtol=1e-5
    )
    again = StandardUnits.from_json(embeddings.units.to_json())
    np.testing.assert_array_equal(again.standardize(vectors), found)
    for bad in ({}, None, {"mean": [0], "deviation": [0]},
                {"mean": [0, 1], "deviation": [1]}):
        with pytest.raises(UserError, match="'mean' and 'deviation'"):
            StandardUnits.from_json(bad)
    with pytest.raises(UserError, match="finite numbers"):
        StandardUnits.of(np.full((2, 2), np.nan))


def test_embeddings_on_disk(tmp_path):
    embeddings = Embeddings(["é", "b"], [[1.5, 0], [0, 1]])
    embeddings.save(tmp_path / "e.npz")
    found = Embeddings.load(tmp_path / "e.npz")
    assert found.words == embeddings.words
    np.testing.assert_array_equal(found.vectors, embeddings.vectors)
    (tmp_path / "bad.npz").write_bytes(b"no zip")
    np.savez(tmp_path / "objects.npz", words=np.array([{}]), vectors=[[1]])
    np.savez(tmp_path / "other.npz", words=["a"])
    for name in ("bad", "objects", "other"):
        with pytest.raises(UserError, match="what `Embeddings.save` wrote"):
            Embeddings.load(tmp_path / f"{name}.npz")


def test_embeddings_that_do_not_fit():
    for words, vectors, message in (
        (["a", "a"], [[1], [2]], "distinct"),
        (["a"], [[1], [2]], r"\(words, dimensions\)"),
        (["a"], [1.0], r"\(words, dimensions\)"),
        (["a", "b"], [[1], [np.inf]], "another for 'b'"),
        (["a", "b"], [[0], [1]], "another for 'a'"),
    ):
        with pytest.raises(UserError, match=message):
            Embeddings(words, vectors)


def test_words_and_vectors_that_do_not_fit():
    embeddings = one_hot(["a", "b"])
    with pytest.raises(UserError, match=r"one of the 2.*\['c'\]"):
        embeddings.lookup(["a", "c"])
    with pytest.raises(UserError, match=r"shape \(n, 2\)"):
        embeddings.nearest(np.zeros((1, 3)))


def test_glove_file(tmp_path):
    path = tmp_path / "glove.txt"
    path.write_text("the 1 2\n, 3 -4e-1\nlime 5 6")
    found = read_glove(path)
    assert found.words == ("the", ",", "lime")
    np.testing.assert_array_equal(
        found.vectors, np.float32([[1, 2], [3, -0.4], [5, 6]])
    )
    assert read_glove(path, ["lime", "pear"]).words == ("lime",)
    with pytest.raises(UserError, match="at least one wanted word"):
        read_glove(path, ["pear"])


def test_glove_files_that_are_broken(tmp_path):
    for content, message in (
        (b"", "at least one wanted word"),
        (b"a 1 2\nb 1\n", "2 numbers.*Received: 1 in line 2"),
        (b"a 1 2\nb 1 x\n", "line 2.*could not convert"),
        (b"a 1 2\nb 1 nan\n", "finite numbers.*line 2"),
        (b"a 1 2\nb 1 1e99\n", "finite numbers.*line 2"),
        (b"a 1 2\nb 0 0\n", "not all of them zero.*line 2"),
        (b"a 1 2\n\nb 1 2\n", "line 2"),
        (b"a\n", "finite numbers.*line 1"),
        (b"a 1 2\nb 1 2\na 3 4\n", "'a' again in line 3"),
        (b"a 1 2\n\xff 1 2\n", "UTF-8.*line 2"),
        (b"a 1 2\nb" + b" 1" * 40000, "shorter than.*line 2"),
    ):
        (tmp_path / "glove.txt").write_bytes(content)
        with pytest.raises(UserError, match=message):
            read_glove(tmp_path / "glove.txt")


def test_corpus_embeddings_by_hand():
    sentences = ["a b"] * 3 + ["c b"]
    vocabulary = Vocabulary(["a", "b", "c"])
    found = corpus_embeddings(sentences, vocabulary, size=3, window=1)
    # Places -1 and +1: a has <start>, b (3 each), c likewise (1 each), b has
    # a 3, c 1 before and <end> 4 after. log(count * 16 / row / column):
    # a: log(3*16/6/4) = log 2 twice, c the same, b: log(3*16/8/3) = log 2
    # thrice. So a.a = c.c = a.c = 2 log(2)^2, b.b = 3 log(2)^2, b.a = 0.
    gram = np.log(2) ** 2 * np.float64([[2, 0, 2], [0, 3, 0], [2, 0, 2]])
    values, axes = np.linalg.eigh(gram)
    root = axes @ np.diag(np.sqrt(np.maximum(values, 0))) @ axes.T
    np.testing.assert_allclose(
        found.vectors @ found.vectors.T, root, atol=1e-5
    )


def test_wider_vectors_keep_lengths_and_angles():
    vocabulary = Vocabulary.from_sentences(SENTENCES)
    narrow = corpus_embeddings(SENTENCES, vocabulary, len(vocabulary.words))
    wide = corpus_embeddings(SENTENCES, vocabulary, 30)
    assert wide.vectors.shape == (11, 30)
    assert np.linalg.matrix_rank(wide.vectors, 1e-4) <= 11
    assert (np.abs(wide.vectors).max(axis=0) > 1e-3).all(), "padded"
    np.testing.assert_allclose(
        wide.vectors @ wide.vectors.T, narrow.vectors @ narrow.vectors.T,
        atol=1e-4,
    )
    again = corpus_embeddings(SENTENCES, vocabulary, 30)
    np.testing.assert_array_equal(again.vectors, wide.vectors)


def test_words_that_no_sentence_has():
    with pytest.raises(UserError, match="'pear' and 0 others"):
        corpus_embeddings(["a b"], Vocabulary(["a", "b", "pear"]))


def test_complete_predicts_what_is_linear():
    generator = np.random.default_rng(0)
    corpus = Embeddings(map(str, range(60)), generator.normal(size=(60, 5)))
    truth = corpus.vectors @ generator.normal(size=(5, 3)) + 1
    found, predicted = complete(
        Embeddings(corpus.words[:50], truth[:50]), corpus
    )
    assert found.words == corpus.words
    assert predicted == corpus.words[50:]
    np.testing.assert_array_equal(found.vectors[:50], np.float32(truth[:50]))
    np.testing.assert_allclose(found.vectors, truth, atol=0.01)
    with pytest.raises(UserError, match="At least 10 words"):
        complete(Embeddings(["0"], [[1.0]]), corpus)


def test_predicted_words_vary_as_the_known_ones_do():
    generator = np.random.default_rng(0)
    corpus = Embeddings(map(str, range(400)), generator.normal(size=(400, 2)))
    unrelated = generator.normal(size=(200, 4))
    found, _ = complete(Embeddings(corpus.words[:200], unrelated), corpus)
    np.testing.assert_allclose(found.vectors[200:].std(axis=0), 1, atol=0.25)


def test_real_words(small_vocab):
    if not GLOVE.is_file():
        pytest.skip("needs the shared GloVe vectors")
    vocabulary = Vocabulary.from_sentences(small_vocab)
    assert len(vocabulary.words) == 202
    corpus = corpus_embeddings(small_vocab, vocabulary)
    glove = read_glove(GLOVE, vocabulary.words)
    embeddings, predicted = complete(glove, corpus)
    assert (len(glove), len(predicted)) == (159, 43)
    generator = np.random.default_rng(0)
    for found in (corpus, embeddings):
        vectors = found.lookup(found.words)
        vectors += 0.1 * generator.normal(size=vectors.shape)
        assert found.nearest(vectors) == list(found.words)


class Ends:
    """Both ends of a channel that only turns vectors around."""

    def send(self, vectors):
        return vectors[:, ::-1] / 9

    def receive(self, message):
        return message[:, ::-1] * 9


def test_words_through_a_channel(tmp_path):
    words = ["she", "likes", "limes", ",", "."]
    vectors = np.random.default_rng(0).normal(size=(5, 5))
    for embeddings in (one_hot(words), Embeddings(words, vectors)):
        check_channel(embeddings, tmp_path)


def check_channel(embeddings, folder):
    codec = WordCodec(embeddings)
    codec.save(folder)
    sender = TextSender(Ends(), codec)
    receiver = TextReceiver(Ends(), load_codec(folder))
    fakes = sender.encode("She likes limes, limes.")
    assert fakes.shape == (6, 5)
    assert receiver.decode(fakes) == "she likes limes , limes ."
    two = sender.encode("She likes limes. Limes, she likes.")
    assert receiver.decode(two) == "she likes limes . limes , she likes ."
    with pytest.raises(UserError, match="pears"):
        sender.encode("she likes pears")
    with pytest.raises(UserError, match="at least one word"):
        sender.encode(" ")


def test_a_folder_without_a_codec(tmp_path):
    with pytest.raises(UserError, match="trained for text"):
        load_codec(tmp_path)
