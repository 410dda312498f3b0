"""Kernel ridge regression on random Fourier features."""

import numpy as np

from kprivacy.attacks.reconstruction.attackers import Ridge, flat
from kprivacy.metrics import mean_squared_error

COMPONENTS = 1000
WIDTHS = (0.5, 1.0, 2.0, 4.0)


class KernelRidge:
    """Reconstruction by ridge regression under a Gaussian kernel.

    The kernel is approximated by `COMPONENTS` random Fourier features beside
    the features themselves, so that it contains the linear attacker; its
    width, in units of the median distance, and the strength are picked on
    validation data.

    Args:
        seed: Of the random features.

    Reference: Rahimi and Recht, Random features for large-scale kernel
    machines, 2007; scikit-learn's `RBFSampler`.
    """

    name = "kernel_ridge"

    def __init__(self, seed=0):
        self._seed = seed

    def fit(self, features, targets, validation):
        from sklearn.preprocessing import StandardScaler

        self._scaler = StandardScaler().fit(flat(features))
        x = self._scaled(features)
        held = self._scaled(validation[0])
        unit = _median_distance(x, self._seed)
        best = np.inf
        for width in WIDTHS:
            sampler = self._sampler(width * unit, len(x)).fit(x)
            ridge = Ridge().fit(
                _mapped(sampler, x),
                targets,
                (_mapped(sampler, held), validation[1]),
            )
            guess = ridge.predict(_mapped(sampler, held))
            error = mean_squared_error(validation[1], guess)
            if error < best:
                best, self._fitted = error, (sampler, ridge)
        return self

    def predict(self, features):
        sampler, ridge = self._fitted
        return ridge.predict(_mapped(sampler, self._scaled(features)))

    def _scaled(self, features):
        return np.clip(self._scaler.transform(flat(features)), -10, 10)

    def _sampler(self, width, examples):
        from sklearn.kernel_approximation import RBFSampler

        return RBFSampler(
            gamma=1 / (2 * width**2),
            n_components=min(COMPONENTS, 4 * examples),
            random_state=self._seed,
        )


def _mapped(sampler, x):
    """Random features beside the plain ones, where these are not more."""
    mapped = sampler.transform(x)
    if x.shape[1] > COMPONENTS:
        return mapped
    return np.concatenate([mapped, x], axis=1)


def _median_distance(x, seed):
    from sklearn.metrics import pairwise_distances

    order = np.random.default_rng(seed).permutation(len(x))[:300]
    distances = pairwise_distances(x[order])
    middle = float(np.median(distances[np.triu_indices(len(order), 1)]))
    return middle if middle > 1e-9 else 1.0
