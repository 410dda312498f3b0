"""Word vectors out of a corpus, for words that no file has a vector of."""

import numpy as np

from kprivacy.errors import UserError, check_count
from kprivacy.text.embeddings import Embeddings
from kprivacy.text.tokens import END, START, UNKNOWN, tokenize

_FEWEST = 10
_RIDGE_WEIGHTS = tuple(10.0**power for power in range(-4, 4))


def corpus_embeddings(sentences, vocabulary, size=300, window=2, seed=0):
    """Vectors of a vocabulary's words from the words around them.

    Counts how often each word stands at each place (-window ... -1, 1 ...
    window) from a word, sentence ends included; takes the positive pointwise
    mutual information and its truncated SVD, U S^(1/2). Between w words the
    rank is at most w: for a larger `size` the vectors are laid into it by a
    seeded random rotation, which keeps all lengths and angles. So 202 words
    in 300 dimensions have vectors of rank 202.

    Args:
        sentences: Strings.
        vocabulary: A `Vocabulary`; other words count as <unknown>.
        size: Dimensions of a vector.
        window: How far a word's surroundings go, in words.
        seed: Of the SVD and the rotation.

    Returns:
        `Embeddings` of `vocabulary.words`.

    Raises:
        UserError: A word is in no sentence.

    References: Bullinaria and Levy, Extracting semantic representations from
    word co-occurrence statistics, 2007 (places apart); Levy and Goldberg,
    Neural word embedding as implicit matrix factorization, 2014 (S^(1/2)).
    """
    from sklearn.decomposition import TruncatedSVD

    check_count("size", size)
    check_count("window", window)
    counts = _contexts(sentences, vocabulary, window)
    information = _positive_information(counts)
    empty = np.flatnonzero(np.diff(information.indptr) == 0)
    if len(empty):
        raise UserError(
            "Every word of `vocabulary` must be in a sentence. Received: "
            f"{vocabulary.words[empty[0]]!r} and {len(empty) - 1} others, "
            "which are in none. Make it with `Vocabulary.from_sentences`."
        )
    rank = min(size, *information.shape)
    svd = TruncatedSVD(rank, n_iter=10, random_state=seed)
    vectors = svd.fit_transform(information)
    vectors = vectors / np.sqrt(np.maximum(svd.singular_values_, 1e-12))
    if rank < size:
        generator = np.random.default_rng(seed)
        rows = generator.normal(size=(size, rank))
        vectors = vectors @ np.linalg.qr(rows)[0].T
    return Embeddings(vocabulary.words, vectors)


def complete(glove, corpus, seed=0):
    """Gives GloVe-like vectors to the words that GloVe does not have.

    Ridge regression from corpus vectors to GloVe's, fitted on the words that
    have both, its weight chosen by leave-one-out validation. Predictions
    alone lie close together, some on one point; so each gets a seeded draw of
    the residuals that cross-validation finds (stochastic regression
    imputation, Little and Rubin, Statistical analysis with missing data), and
    the words are as far apart as GloVe's are. Results that rest on predicted
    words are no results about GloVe.

    Args:
        glove: `Embeddings` of some words.
        corpus: `Embeddings` of all words.
        seed: Of the residuals.

    Returns:
        (`Embeddings` of `corpus.words` in GloVe's dimensions, a tuple of the
        words whose vector was predicted).

    Raises:
        UserError: Fewer than 10 words have both vectors.
    """
    both = [word for word in corpus.words if word in glove]
    predicted = tuple(word for word in corpus.words if word not in glove)
    if len(both) < _FEWEST:
        raise UserError(
            f"At least {_FEWEST} words must have both vectors. Received: "
            f"{len(both)} of {len(corpus)}."
        )
    known = glove.lookup(both, False)
    vectors = dict(zip(both, known))
    if predicted:
        found = _impute(
            corpus.lookup(both, False),
            known,
            corpus.lookup(predicted, False),
            np.random.default_rng(seed),
        )
        vectors.update(zip(predicted, found))
    ordered = np.stack([vectors[word] for word in corpus.words])
    return Embeddings(corpus.words, ordered), predicted


def _impute(x, y, new, generator):
    """Predictions of y for `new`, and as much residual as y has."""
    from sklearn.linear_model import Ridge, RidgeCV
    from sklearn.model_selection import KFold, cross_val_predict

    ridge = RidgeCV(_RIDGE_WEIGHTS).fit(x, y)
    folds = KFold(_FEWEST, shuffle=True, random_state=0)
    residuals = y - cross_val_predict(Ridge(ridge.alpha_), x, y, cv=folds)
    covariance = np.cov(residuals.astype(np.float64), rowvar=False)
    draws = generator.multivariate_normal(
        np.zeros(y.shape[1]), np.atleast_2d(covariance), len(new),
        method="eigh",
    )
    return ridge.predict(new) + draws


def _contexts(sentences, vocabulary, window):
    """Counts (words, places x tokens), sparse."""
    from scipy import sparse

    tokens = _stream(sentences, vocabulary, window)
    first, count = UNKNOWN + 1, len(vocabulary)
    rows, columns = [], []
    places = [p for p in range(-window, window + 1) if p]
    for i, place in enumerate(places):
        near = np.roll(tokens, -place)
        rows.append(tokens[tokens >= first] - first)
        columns.append(near[tokens >= first] + i * count)
    rows, columns = np.concatenate(rows), np.concatenate(columns)
    shape = (count - first, len(places) * count)
    ones = np.ones(len(rows))
    return sparse.coo_matrix((ones, (rows, columns)), shape).tocsr()


def _stream(sentences, vocabulary, window):
    """All sentences in one row, `window` <start> and <end> around each."""
    parts = [
        [START] * window + vocabulary.numbers(tokenize(s)) + [END] * window
        for s in sentences
    ]
    return np.array([number for part in parts for number in part], np.int64)


def _positive_information(counts):
    """log p(word, context) / p(word) p(context), where that is above 0."""
    found = counts.tocoo()
    words = np.asarray(counts.sum(axis=1)).ravel()
    contexts = np.asarray(counts.sum(axis=0)).ravel()
    expected = words[found.row] * contexts[found.col] / counts.sum()
    found.data = np.maximum(np.log(found.data / expected), 0.0)
    information = found.tocsr()
    information.eliminate_zeros()
    return information
