"""What the receiver gets back: errors, and whether the class is kept."""

import dataclasses

import numpy as np

from kprivacy import metrics
from kprivacy.attacks.reconstruction.attack import SSIM_EXAMPLES
from kprivacy.errors import UserError


@dataclasses.dataclass(frozen=True)
class RecoveryResult:
    """How near recovered data come to the originals; all in float64.

    Attributes:
        mse: Mean squared error, data units squared.
        psnr: Of that error in dB, for images in [0, 1]; None for vectors.
        ssim: Mean structural similarity of the first 500 images; None for
            vectors and images below 7 pixels a side.
        precision, recall, f1: Of the classifier on the recovered data
            against the labels, macro means over the classes; a class that is
            never found has precision 0. None without a classifier.
        accuracy: Its share of recovered data named right.
        f1_real: Its macro F1 on the originals, what perfect recovery gets.
        examples: Examples measured on.
    """

    mse: float
    psnr: float | None
    ssim: float | None
    precision: float | None
    recall: float | None
    f1: float | None
    accuracy: float | None
    f1_real: float | None
    examples: int

    def to_dict(self):
        """Plain data for JSON."""
        return dataclasses.asdict(self)


class Recovery:
    """Measures what is recovered against the originals.

    Args:
        classifier: A function from data to scores, shape (examples,
            classes), trained on real data of the source's domain, as
            `train_classifier` returns; None for data without classes.

    Example:

    >>> classifier = train_classifier(train.data, train.labels, 10)
    >>> recovery = Recovery(classifier)
    >>> result = recovery(test.data, test.labels, server(client(test.data)))

    Reference: FakeSafe's Table 1: mean squared error, and precision, recall
    and F1 of a classifier of real data on the recovered ones.
    """

    def __init__(self, classifier=None):
        self._classifier = classifier
        self._real = None, None, None

    def __call__(self, originals, labels, recovered):
        """Compares `recovered` with `originals`, example by example.

        Args:
            originals: Images (examples, height, width, channels) in [0, 1]
                or vectors (examples, d).
            labels: Class indices, shape (examples,); not read without a
                classifier.
            recovered: As the originals.

        Returns:
            A `RecoveryResult`.

        Raises:
            ValueError: The shapes differ, or a value is not finite.
        """
        originals, recovered = np.asarray(originals), np.asarray(recovered)
        if not len(originals):
            raise UserError(
                "Recovery needs examples to measure on. Received: none."
            )
        image = originals.ndim == 4
        few = slice(0, SSIM_EXAMPLES)
        return RecoveryResult(
            mse=metrics.mean_squared_error(originals, recovered),
            psnr=metrics.psnr(originals, recovered) if image else None,
            ssim=metrics.ssim(originals[few], recovered[few]),
            **self._of_classes(originals, labels, recovered),
            examples=len(originals),
        )

    def _of_classes(self, originals, labels, recovered):
        names = ("precision", "recall", "f1", "accuracy", "f1_real")
        if self._classifier is None:
            return dict.fromkeys(names)
        labels = np.asarray(labels)
        if labels.shape != (len(originals),):
            raise UserError(
                f"`labels` must have one class for each of {len(originals)} "
                f"examples. Received: shape {labels.shape}."
            )
        found = self._found(recovered)
        return dict(zip(names, (
            *_macro(labels, found),
            float(np.mean(found == labels)),
            self._f1_real(originals, labels),
        )))

    def _f1_real(self, originals, labels):
        """Kept for the originals seen last, which attacks ask for often."""
        if self._real[0] is not originals or self._real[1] is not labels:
            f1 = _macro(labels, self._found(originals))[2]
            self._real = originals, labels, f1
        return self._real[2]

    def _found(self, data):
        return np.argmax(self._classifier(data), axis=1)


def _macro(labels, found):
    from sklearn.metrics import precision_recall_fscore_support

    scores = precision_recall_fscore_support(
        labels, found, average="macro", zero_division=0
    )
    return tuple(float(one) for one in scores[:3])
