"""Scores of how likely two examples come from one person."""

import warnings

import numpy as np

from kprivacy.attacks.attributes import classifiers
from kprivacy.attacks.attributes.classes import stratified
from kprivacy.attacks.attributes.classifiers import flat

NAMES = ("cosine", "lda", "network")
MOST_DIRECTIONS = 128


def build(name, steps, seed):
    """A score out of `NAMES`: `fit` on people that are known, then call."""
    if name == "network":
        return NetworkScores(steps, seed)
    return PairScores(name)


class NetworkScores:
    """The cosine of what a network says of the people it knows.

    The network, convolutional where the features are maps or signals and a
    perceptron else, learns to name the attacker's people; a person is told by
    whom of these it resembles.

    Args:
        steps: Gradient steps of the convolutional network; the perceptron
            takes `MLP_STEPS` times as many.
        seed: Seeds it.
    """

    def __init__(self, steps, seed=0):
        self._steps = steps
        self._seed = seed

    def fit(self, features, people):
        self._network = None
        names, labels, counts = np.unique(
            people, return_inverse=True, return_counts=True
        )
        # Of people with a single example there is none to choose by.
        several = np.isin(labels, np.flatnonzero(counts > 1))
        _, labels = np.unique(labels[several], return_inverse=True)
        x = _at_least_vectors(features)[several]
        if (counts > 1).sum() < 2 or (x == x[:1]).all():
            return self
        kind = "cnn" if classifiers.has_maps(x.shape[1:]) else "mlp"
        targets = np.eye(labels.max() + 1, dtype=np.float32)[labels]
        kept, held = stratified(labels, self._seed)
        self._network = classifiers.build(kind, self._steps, self._seed).fit(
            x[kept], targets[kept], (x[held], targets[held])
        )
        self._mean = self._logarithms(x).mean(axis=0)
        return self

    def __call__(self, features, pairs):
        """The scores of `pairs` of `features`, shape (pairs,), float64."""
        if self._network is None:
            return np.zeros(len(pairs[0]))
        x = self._logarithms(_at_least_vectors(features)) - self._mean
        return _cosine(x[pairs[0]], x[pairs[1]])

    def _logarithms(self, x):
        return np.log(self._network.predict(x) + 1e-6)


class PairScores:
    """Scores of pairs: `fit` on people that are known, then call.

    Args:
        name: "cosine" of standardised features, or "lda": minus the distance
            after a linear discriminant analysis.
    """

    def __init__(self, name):
        self._name = name

    def fit(self, features, people):
        from sklearn.preprocessing import StandardScaler

        x = flat(features)
        self._steps = [StandardScaler().fit(x)]
        x = self._embedded(features)
        if self._name == "lda" and x.std(axis=0).any():
            self._discriminate(x, people)
        return self

    def __call__(self, features, pairs):
        """The scores of `pairs` of `features`, shape (pairs,), float64."""
        x = self._embedded(features)
        first, second = x[pairs[0]], x[pairs[1]]
        if self._name == "lda":
            return -np.linalg.norm(first - second, axis=1)
        return _cosine(first, second)

    def _embedded(self, features):
        x = flat(features)
        for step in self._steps:
            x = step.transform(x)
        return x.astype(np.float64)

    def _discriminate(self, x, people):
        from sklearn.decomposition import PCA
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        directions = PCA(
            min(MOST_DIRECTIONS, *x.shape),
            svd_solver="randomized",
            random_state=0,
        ).fit(x)
        x = directions.transform(x)
        # A sliver of noise, or equal features of a person make it singular.
        x = x + np.random.default_rng(0).normal(0.0, 1e-3, x.shape)
        analysis = LinearDiscriminantAnalysis(
            solver="eigen", shrinkage="auto"
        )
        # It warns of people with a single example.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            analysis.fit(x, people)
        self._steps += [directions, analysis]


def _cosine(first, second):
    lengths = [np.linalg.norm(part, axis=1) for part in (first, second)]
    product = (first * second).sum(axis=1)
    return product / np.maximum(lengths[0] * lengths[1], 1e-12)


def _at_least_vectors(features):
    return features[:, None] if features.ndim == 1 else features
