"""A fresh judge: can fakes be told from real examples after all?"""

import dataclasses

import numpy as np

from kprivacy.attacks.attributes import classifiers
from kprivacy.errors import UserError, check_count

NAMES = ("cnn", "mlp", "histogram")
BINS = 256
VALIDATION_SHARE = 0.15
LEAST_EXAMPLES = 20


@dataclasses.dataclass(frozen=True)
class DetectorResult:
    """How often real and fake are told apart, half of each; 0.5 is blind.

    Attributes:
        accuracy: Test accuracy of the better judge, by validation.
        accuracies: Name of each judge to its test accuracy.
        judge: Name of the better one.
        deviation: Standard deviation of a blind judge's accuracy on so many
            test examples.
        examples: Examples of (fitting, validation, test), half of each kind.
        seed: Of the judges.
    """

    accuracy: float
    accuracies: dict
    judge: str
    deviation: float
    examples: tuple
    seed: int

    def to_dict(self):
        """Plain data for JSON."""
        return dataclasses.asdict(self)


class Detector:
    """Trains fresh networks to tell fakes from real examples.

    A convolutional network (for images) and a perceptron are trained on as
    many fakes as real examples, are validated twelve times on the way, and
    keep their best weights. Of images, boosted trees also learn from how
    often each of the 256 pixel values occurs, and each step between
    neighbours: what networks overlook may be a single value that is too
    frequent. All are measured on a balanced test part.

    Args:
        steps: Gradient steps of the convolutional network; the perceptron
            takes four times as many.
        seed: Seeds the networks and the choice of examples.

    Example:

    >>> result = Detector().run(reals, fakes, test_reals, test_fakes)
    >>> result.accuracy, result.accuracies

    Reference: the classifier two-sample test, Lopez-Paz and Oquab,
    Revisiting classifier two-sample tests, 2017.
    """

    def __init__(self, steps=600, seed=0):
        check_count("steps", steps)
        self._steps = steps
        self._seed = seed

    def run(self, reals, fakes, test_reals, test_fakes):
        """Trains on the first two and measures on the last two.

        Args:
            reals: Real examples of the fakes' domain, images in [0, 1] on
                the 8-bit grid, or vectors.
            fakes: What is sent, after the same grid.
            test_reals: Real examples that neither the adversary nor this
                detector was trained on.
            test_fakes: Fakes of messages whose fakes are not in `fakes`.

        Returns:
            A `DetectorResult`.

        Raises:
            UserError: Shapes differ, or there are too few examples.
        """
        _check(reals, fakes, test_reals, test_fakes)
        generator = np.random.default_rng(self._seed)
        x, y = _balanced(reals, fakes, generator)
        test = _balanced(test_reals, test_fakes, generator)
        held = 2 * max(1, round(len(x) / 2 * VALIDATION_SHARE))
        found = {
            name: self._judge(name, (x[held:], y[held:]),
                              (x[:held], y[:held]), test)
            for name in NAMES
            if name == "mlp" or classifiers.has_maps(x.shape[1:])
        }
        judge = max(found, key=lambda name: found[name][0])
        return DetectorResult(
            accuracy=found[judge][1],
            accuracies={name: one[1] for name, one in found.items()},
            judge=judge,
            deviation=0.5 / float(np.sqrt(len(test[0]))),
            examples=(len(x) - held, held, len(test[0])),
            seed=self._seed,
        )

    def _judge(self, name, fitting, validation, test):
        """Returns validation score and test accuracy of a fresh judge."""
        if name == "histogram":
            one = _Histogram(self._seed)
        else:
            one = classifiers.build(name, self._steps, self._seed)
        targets = [np.eye(2, dtype=np.float32)[y]
                   for y in (fitting[1], validation[1])]
        one.fit(fitting[0], targets[0], (validation[0], targets[1]))
        scores = one.predict(validation[0])
        rank = classifiers.validated(targets[1], scores, np.full(2, 0.5))
        return rank, classifiers.accuracy(test[1], one.predict(test[0]))


class _Histogram:
    """Boosted trees on how often pixel values and steps between them occur."""

    def __init__(self, seed):
        from sklearn.ensemble import HistGradientBoostingClassifier

        self._trees = HistGradientBoostingClassifier(random_state=seed)

    def fit(self, data, targets, validation):
        del validation
        self._trees.fit(_counts(data), targets.argmax(axis=1))

    def predict(self, data):
        return self._trees.predict_proba(_counts(data))


def _counts(images):
    """Counts of 256 values, and of 511 steps to the right and downwards."""
    values = np.round(np.asarray(images, np.float64) * (BINS - 1)).astype(int)
    steps = [np.diff(values, axis=axis) + BINS - 1 for axis in (1, 2)]
    return np.concatenate(
        [_rows(np.clip(values, 0, BINS - 1), BINS)]
        + [_rows(np.clip(step, 0, 2 * BINS - 2), 2 * BINS - 1)
           for step in steps],
        axis=1,
    )


def _rows(values, size):
    """How often each of `size` numbers occurs in each example."""
    flat = values.reshape(len(values), -1)
    offset = np.arange(len(flat))[:, None] * size
    found = np.bincount((flat + offset).ravel(), minlength=size * len(flat))
    return found.reshape(len(flat), size)


def _balanced(reals, fakes, generator):
    """As many of each, real and fake in turn: any even slice is balanced."""
    count = min(len(reals), len(fakes))
    both = [
        np.asarray(one, np.float32)[generator.permutation(len(one))[:count]]
        for one in (reals, fakes)
    ]
    data = np.stack(both, axis=1).reshape(-1, *both[0].shape[1:])
    return data, np.tile([0, 1], count)


def _check(*parts):
    shapes = {np.shape(one)[1:] for one in parts}
    if len(shapes) > 1:
        raise UserError(
            "Real examples and fakes must have one shape. Received: "
            f"{sorted(shapes)} an example."
        )
    if min(len(one) for one in parts) < LEAST_EXAMPLES:
        raise UserError(
            f"A detector needs at least {LEAST_EXAMPLES} examples of each "
            "kind, to train on and to test on. Received: "
            f"{', '.join(str(len(one)) for one in parts)}."
        )
