"""Words as a domain: "words:KIND:WHICH", vectors labelled by their word."""

import functools
import os

import numpy as np

from kprivacy.data import Arrays
from kprivacy.errors import UserError, check_choice

PREFIX = "words:"
KINDS = ("tokens", "glove", "corpus")
CORPUS = "small_vocab_en"
GLOVE_VARIABLE = "KPRIVACY_GLOVE"
# The longest vectors of GloVe's own files, and those of the paper's target.
CORPUS_SIZE = 300


def arrays(name, data_dir=None):
    """The words of a domain, each once.

    Args:
        name: "words:tokens:top100", binary digits; "words:glove:all", the
            vectors of the GloVe file that the variable KPRIVACY_GLOVE names;
            or "words:corpus:all", 300 numbers from the corpus itself. "topN"
            are the N most frequent words of the corpus, `small_vocab_en`.
        data_dir: Of TFDS.

    Returns:
        A `kprivacy.data.Arrays`: vectors in standard units, the word's number
        as label.
    """
    found = embeddings(name, data_dir)
    data = found.lookup(found.words)
    labels = np.arange(len(data), dtype=np.int32)
    return Arrays(np.asarray(data, np.float32), labels, len(data))


@functools.cache
def embeddings(name, data_dir=None):
    """The `kprivacy.text.Embeddings` behind a name of `arrays`."""
    from kprivacy import text

    kind, which = _parse(name)
    path = _glove_path() if kind == "glove" else None
    sentences = text.read_sentences(CORPUS, "train", data_dir)
    vocabulary = text.Vocabulary.from_sentences(sentences)
    words = vocabulary.words[: which or None]
    if kind == "tokens":
        return text.binary_tokens(words)
    corpus = text.corpus_embeddings(sentences, vocabulary, CORPUS_SIZE)
    if kind == "corpus":
        return _chosen(corpus, words)
    glove = text.read_glove(path, vocabulary.words)
    return _chosen(text.complete(glove, corpus)[0], words)


def _chosen(found, words):
    from kprivacy import text

    return text.Embeddings(words, found.lookup(words, standard=False))


def _parse(name):
    kind, _, which = name.removeprefix(PREFIX).partition(":")
    check_choice("the kind of words", kind, KINDS)
    if which == "all":
        return kind, 0
    if which.startswith("top") and which[3:].isdigit() and int(which[3:]):
        return kind, int(which[3:])
    raise UserError(
        "A domain of words is 'words:KIND:all' or 'words:KIND:topN', N the "
        f"number of the most frequent words. Received: {name!r}."
    )


def _glove_path():
    path = os.environ.get(GLOVE_VARIABLE)
    if not path or not os.path.isfile(path):
        raise UserError(
            f"The variable {GLOVE_VARIABLE} must name a file of GloVe vectors,"
            " such as glove.6B.50d.txt of "
            f"https://nlp.stanford.edu/projects/glove. Received: {path!r}."
        )
    return path
