"""Attackers that learn to reconstruct data from what a release sends.

Each is fitted on pairs (features, data) of the attacker's own, picks its
settings on a validation part of them, and has `name`, `fit` and `predict`.
"""

import numpy as np

from kprivacy.data import passes
from kprivacy.metrics import mean_squared_error
from kprivacy.seeding import seeded

RIDGE_STRENGTHS = tuple(10.0**power for power in range(-8, 6))
COMPONENTS = 100
NEIGHBOURS = (1, 3, 10, 30, 100, 300)


class Ridge:
    """Linear reconstruction in closed form, with float64 ridge regression.

    Features are standardised; the strength is picked on validation data.
    """

    name = "ridge"

    def fit(self, features, targets, validation):
        x = self._standardised(features, fit=True)
        y = targets.reshape(len(targets), -1).astype(np.float64)
        self._shape = targets.shape[1:]
        self._offset = y.mean(axis=0)
        values, basis, projected = _spectrum(x, y - self._offset)
        held = self._standardised(validation[0]) @ basis
        best = np.inf
        for strength in RIDGE_STRENGTHS:
            weights = projected / (values + strength)[:, None]
            guess = held @ weights + self._offset
            error = mean_squared_error(
                validation[1], guess.reshape(-1, *self._shape)
            )
            if error < best:
                best, chosen = error, weights
        self._weights = basis @ chosen
        return self

    def predict(self, features):
        return self._apply(self._weights, features)

    def _apply(self, weights, features):
        y = self._standardised(features) @ weights + self._offset
        return y.reshape(-1, *self._shape)

    def _standardised(self, features, fit=False):
        x = flat(features)
        if fit:
            self._mean, self._std = x.mean(axis=0), x.std(axis=0)
            self._std[self._std < 1e-12] = 1.0
        return (x - self._mean) / self._std


def _spectrum(x, y):
    """Ridge regression for all strengths at once, in the smaller space.

    Returns:
        `values`, `basis`, `projected`: the weights of a strength s are
        basis @ (projected / (values + s)).
    """
    if x.shape[1] <= len(x):
        values, basis = np.linalg.eigh(x.T @ x)
        return np.maximum(values, 0), basis, basis.T @ (x.T @ y)
    values, vectors = np.linalg.eigh(x @ x.T)
    return np.maximum(values, 0), x.T @ vectors, vectors.T @ y


def flat(features):
    """One row of float64 an example."""
    return np.reshape(features, (len(features), -1)).astype(np.float64)


def on_components(model, shape, seed):
    """A model of scikit-learn on standardised features.

    Where there are more than `COMPONENTS` it is given so many principal ones.

    Args:
        model: The model.
        shape: Of the features that it will be fitted on.
        seed: Of the search for the components.
    """
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    steps = [StandardScaler(), model]
    if min(shape) > COMPONENTS:
        steps.insert(1, PCA(COMPONENTS, random_state=seed))
    return make_pipeline(*steps)


class NearestNeighbours:
    """The mean of the originals whose features lie nearest.

    It needs no scale, so it also reads features that differ by little; the
    number of neighbours is picked on validation data.
    """

    name = "nearest_neighbours"

    def fit(self, features, targets, validation):
        from sklearn.neighbors import NearestNeighbors

        x = np.asarray(features, np.float32).reshape(len(features), -1)
        std = x.std(axis=0)
        self._scale = 1.0 / np.where(std < 1e-12, 1.0, std)
        self._targets = targets
        most = min(max(NEIGHBOURS), len(x))
        self._index = NearestNeighbors(n_neighbors=most).fit(x * self._scale)
        nearest = self._nearest(validation[0], most)
        counts = [count for count in NEIGHBOURS if count <= most]
        errors = [
            mean_squared_error(validation[1], self._mean(nearest[:, :count]))
            for count in counts
        ]
        self._count = counts[int(np.argmin(errors))]
        return self

    def predict(self, features):
        return self._mean(self._nearest(features, self._count))

    def _nearest(self, features, count):
        x = np.asarray(features, np.float32).reshape(len(features), -1)
        return self._index.kneighbors(
            x * self._scale, n_neighbors=count, return_distance=False
        )

    def _mean(self, nearest):
        parts = np.array_split(nearest, max(1, nearest.size // 100_000))
        return np.concatenate(
            [self._targets[part].mean(axis=1) for part in parts]
        )


class Decoder:
    """A network trained to reconstruct, from features brought to one scale.

    Vectors are brought to normal quantiles one by one, which spreads out
    values that crowd together; maps are standardised element by element. The
    weights are validated `CHECKS` times on the way and the best ones kept.

    Args:
        build: Function of (feature shape, target shape) that returns a
            `keras.Model`.
        steps: Gradient steps, whatever the number of examples.
        batch_size: Examples a step.
        learning_rate: Of Adam, at the start of a cosine decay.
        seed: Seeds weights and order.
        standardise: Whether to learn the targets less their mean, over
            their deviation; for data that do not lie in [0, 1].
    """

    CHECKS = 12

    def __init__(
        self,
        name,
        build,
        steps=600,
        batch_size=128,
        learning_rate=1e-3,
        seed=0,
        standardise=False,
    ):
        self.name = name
        self._build = build
        self._steps = steps
        self._batch_size = batch_size
        self._learning_rate = learning_rate
        self._seed = seed
        self._standardise = standardise
        self._offset, self._deviation = 0.0, 1.0

    def fit(self, features, targets, validation):
        if self._standardise:
            self._offset = targets.mean(axis=0)
            self._deviation = max(float(targets.std()), 1e-12)
            targets = self._centred(targets)
            validation = validation[0], self._centred(validation[1])

        with seeded(self._seed):
            self._train(features, targets, validation)
        return self

    def _train(self, features, targets, validation):
        import keras
        import tensorflow as tf

        x = self._scaled(features, fit=True)
        rate = keras.optimizers.schedules.CosineDecay(
            self._learning_rate, self._steps
        )
        self._model = self._compiled(
            self._build(x.shape[1:], targets.shape[1:]), rate
        )
        pairs = tf.data.Dataset.from_tensor_slices((x, targets))
        pairs = pairs.shuffle(len(x), seed=self._seed).repeat()
        self._model.fit(
            passes.untuned(pairs.batch(self._batch_size).prefetch(2)),
            steps_per_epoch=-(-self._steps // self.CHECKS),
            epochs=self.CHECKS,
            validation_data=(self._scaled(validation[0]), validation[1]),
            callbacks=[
                keras.callbacks.EarlyStopping(
                    patience=self.CHECKS, restore_best_weights=True
                )
            ],
            shuffle=False,
            verbose=0,
        )

    def _compiled(self, model, rate):
        import keras

        from kprivacy import optimizers

        model.compile(keras.optimizers.Adam(rate), loss="mse")
        optimizers.build(model)
        return model

    def predict(self, features):
        found = self._model.predict(
            self._scaled(features), batch_size=256, verbose=0
        )
        return found * self._deviation + self._offset

    def _centred(self, targets):
        return (targets - self._offset) / self._deviation

    def _scaled(self, features, fit=False):
        x = np.asarray(features, np.float32)
        if fit:
            self._scaler = _scaler(x)
        flat = self._scaler.transform(x.reshape(len(x), -1))
        # Rare values would lie many deviations out and drown the rest.
        return np.clip(flat, -5, 5).reshape(x.shape).astype(np.float32)


def _scaler(x):
    from sklearn.preprocessing import QuantileTransformer, StandardScaler

    if x.ndim > 2:
        return StandardScaler().fit(x.reshape(len(x), -1))
    return QuantileTransformer(
        n_quantiles=min(1000, len(x)),
        output_distribution="normal",
        random_state=0,
    ).fit(x)
