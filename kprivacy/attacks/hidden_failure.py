"""Hidden failure: which sensitive patterns are still found.

The measure that RAN's conclusion proposes: of the patterns that are found in
the raw data, the share that is still found in what is released.
"""

import dataclasses

import numpy as np

from kprivacy.errors import UserError

KINDS = 8
SEED = 0


@dataclasses.dataclass(frozen=True)
class HiddenFailure:
    """How many patterns are found from the raw data and from a release.

    Attributes:
        raw: Share of test examples whose pattern is found from the data.
        released: The same from what is released.
        guessed: Share of the most frequent pattern, found by anybody.
    """

    raw: float
    released: float
    guessed: float

    @property
    def ratio(self):
        """Patterns found from the release over those found from the data.

        Guessing finds some of both, so that it does not reach 0.
        """
        return self.released / self.raw

    @property
    def above_guessing(self):
        """The same ratio of what is found beyond guessing; 0 is ideal."""
        possible = self.raw - self.guessed
        if possible <= 0:
            return 0.0
        return max(0.0, self.released - self.guessed) / possible


def measure(release, attacker, test, patterns=None, seed=0):
    """Measures the hidden failure of a release.

    Args:
        release: The release.
        attacker: `kprivacy.data.Arrays` to learn from.
        test: `kprivacy.data.Arrays` to measure on.
        patterns: A pair of integer arrays, the pattern of each of the
            attacker's and of each test example; None for the kind of
            background of an image, see `backgrounds`.
        seed: Of the classifiers.

    Returns:
        A `HiddenFailure`; on both sides the better of logistic regression
        and random forest on validation data counts.

    Reference: RAN's section 6; Oliveira and Zaiane, Privacy preserving
    frequent itemset mining, 2002, for the measure.
    """
    from kprivacy.attacks.inputs import check_parts, released

    check_parts(attacker, test)
    if patterns is None:
        patterns = backgrounds(attacker.data, test.data)
    shares = [
        _found(
            [released(send, one.data) for one in (attacker, test)],
            patterns,
            seed,
        )
        for send in (lambda data: data, release)
    ]
    most = np.bincount(patterns[0]).argmax()
    return HiddenFailure(*shares, float(np.mean(patterns[1] == most)))


def backgrounds(attacker_data, test_data, kinds=KINDS):
    """The kind of background of images: clusters of their outer frame.

    Args:
        attacker_data: Images, on which the clusters are found.
        test_data: Images of the same shape.
        kinds: Number of clusters.

    Returns:
        Two int arrays, the cluster of each image.

    Raises:
        UserError: The data are not images.
    """
    from sklearn.cluster import KMeans

    if attacker_data.ndim != 4:
        raise UserError(
            "Backgrounds are those of images (height, width, channels). "
            f"Received: data of shape {attacker_data.shape[1:]}."
        )
    frames = [_frame(data) for data in (attacker_data, test_data)]
    clusters = KMeans(kinds, n_init=4, random_state=SEED).fit(frames[0])
    return tuple(clusters.predict(one) for one in frames)


def _frame(images):
    """The outer sixth of each side, every second pixel, as one row."""
    height, width = images.shape[1:3]
    inside = np.zeros((height, width), bool)
    inside[height // 6 : -(height // 6), width // 6 : -(width // 6)] = True
    return images[:, ~inside][:, ::2].reshape(len(images), -1)


def _found(sent, patterns, seed):
    """Share of the test patterns that the better classifier finds."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    from kprivacy.attacks.reconstruction.attackers import on_components

    x, test = (np.reshape(one, (len(one), -1)) for one in sent)
    cut = round(0.85 * len(x))
    best = (-1.0, 0.0)
    for model in (
        LogisticRegression(C=0.1, max_iter=1000),
        RandomForestClassifier(200, random_state=seed),
    ):
        fitted = on_components(model, x[:cut].shape, seed).fit(
            x[:cut], patterns[0][:cut]
        )
        best = max(best, (
            fitted.score(x[cut:], patterns[0][cut:]),
            fitted.score(test, patterns[1]),
        ))
    return float(best[1])
