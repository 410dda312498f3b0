"""The attacker who reads the class off the features, and no more."""

import numpy as np

from kprivacy.attacks.reconstruction.attackers import (
    Ridge,
    flat,
    on_components,
)


class ClassPosterior:
    """Reconstruction from the class alone, inferred from the features.

    A logistic regression gives the probabilities of the classes, a ridge
    regression the data that belong to them: with sure probabilities, the
    mean of the class. Whoever runs the server can do as much, so no release
    that serves its purpose does better than the label-only ceiling.

    Args:
        labels: Classes of the examples that `fit` is given.
    """

    name = "class_posterior"

    def __init__(self, labels):
        self._labels = np.asarray(labels)

    def fit(self, features, targets, validation):
        from sklearn.linear_model import LogisticRegression

        x = flat(features)
        self._classifier = None
        if len(np.unique(self._labels)) > 1:
            self._classifier = on_components(
                LogisticRegression(C=0.1, max_iter=1000), x.shape, seed=0
            ).fit(x, self._labels)
        self._ridge = Ridge().fit(
            self._posterior(features),
            targets,
            (self._posterior(validation[0]), validation[1]),
        )
        return self

    def predict(self, features):
        return self._ridge.predict(self._posterior(features))

    def _posterior(self, features):
        if self._classifier is None:
            return np.ones((len(features), 1))
        return self._classifier.predict_proba(flat(features))
