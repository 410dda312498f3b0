"""The unauthorised trainer: how well can published pictures be learnt from?"""

import dataclasses
import time

import numpy as np

from kprivacy import errors
from kprivacy.attacks.retraining import augmentations, countermeasures
from kprivacy.attacks.retraining.results import RetrainingResult
from kprivacy.data import pictures


class Retraining:
    """Trains a classifier on what was published and tests it on clean data.

    Args:
        network: Of the trainer, one of `kprivacy.networks.classifiers.NAMES`.
        width: Filters of its first layers; 64 is the original of all but
            LeNet and the perceptron, see `kprivacy.networks.classifier`.
        augmentation: "none", "flip", "crop", "flip+crop", "cutout", "mixup",
            "cutmix" or "autoaugment"; the last four come with flip and crop,
            of which "autoaugment" is done before them.
        countermeasure: None, or a name. "grey", "halved", "jpeg_Q" (quality
            1 to 100), "bits_N" (1 to 8 a channel), "blur" and "blur_S" (a
            Gaussian of S pixels, by default 1) change all pictures before;
            "adversarial_training", "adversarial_training_R" and
            "adversarial_training_R_S" make noise of their own of at most R
            levels of 255, by default 8, in S steps, by default 10;
            "ueraser_lite" learns from what UEraser's augmentation makes of
            each picture, "ueraser_max" from the hardest of five such
            versions in the first 30 % of the epochs. Several are joined by
            "+": "grey+jpeg_10", "grey+adversarial_training_4"; of the three
            kinds of training one at most, and no "ueraser_max" with "mixup"
            or "cutmix".
        epochs: Passes over what was published.
        batch_size: Examples a step.
        learning_rate: Of SGD, at the start.
        start: A trained classifier of the same network to start from, or
            None.
        seed: Of weights, orders and augmentations.
        stem: Of the network, "cifar", or "imagenet" for pictures of 224 x 224.

    Raises:
        UserError: A name is unknown, a number outside its range, or the
            countermeasure does not go with the augmentation.

    Example:

    >>> attack = kprivacy.attacks.Retraining(width=16, epochs=30)
    >>> found = attack.run(protected, test)
    >>> found.accuracy
    0.11

    Reference: Tian et al., ConfounderGAN: protecting image data privacy with
    causal confounder, 2022; Huang et al., Unlearnable examples: making
    personal data unexploitable, 2021.
    """

    def __init__(
        self,
        network="resnet18",
        width=64,
        augmentation="flip+crop",
        countermeasure=None,
        epochs=60,
        batch_size=128,
        learning_rate=0.1,
        start=None,
        seed=0,
        stem="cifar",
    ):
        # TensorFlow and Keras are loaded where they are needed.
        from kprivacy.networks import classifiers

        classifiers.check(network, width, stem)
        errors.check_choice(
            "augmentation", augmentation, tuple(augmentations.NAMES)
        )
        against = countermeasures.of(countermeasure)
        errors.check_count("epochs", epochs)
        errors.check_count("batch_size", batch_size)
        errors.check_count("seed", seed, 0)
        errors.check_positive("learning_rate", learning_rate)
        self._augment = augmentations.NAMES[augmentation]
        if against.augment is not None:
            mixes = augmentation in augmentations.MIXING
            if against.kind == countermeasures.ERASED and mixes:
                raise errors.UserError(
                    "UEraser takes of each picture the hardest of several "
                    f"versions, which {augmentation!r} would mix with others. "
                    f"Received: augmentation={augmentation!r}, "
                    f"countermeasure={countermeasure!r}. Choose an "
                    "augmentation that does not mix, such as 'flip+crop'."
                )
            self._augment = augmentations.chain(
                self._augment, against.augment
            )
        self._see = against.see
        self._of_colours = augmentation == "autoaugment" or (
            against.see is not None or against.augment is not None
        )
        self._options = {
            "network": network,
            "width": width,
            "stem": stem,
            "epochs": epochs,
            "batch_size": batch_size,
            "learning_rate": learning_rate,
            "kind": against.kind,
            "radius": against.radius,
            "steps": against.steps,
            "start": start,
            "seed": seed,
        }
        self.model = None

    def run(self, published, test, clean=None):
        """Trains on what was published.

        Args:
            published: `kprivacy.data.Arrays` of images, float (examples,
                height, width, channels) in [0, 1], with their labels.
            test: `Arrays` of clean images of that shape.
            clean: A few clean `Arrays` that tell the trainer when to stop,
                or None.

        Returns:
            `RetrainingResult`; the classifier is in `model` afterwards.

        Raises:
            UserError: A part is no set of images in [0, 1], they differ in
                shape or classes, have channels that augmentation or
                countermeasure does not know, or `start` is another network.
        """
        if self._options["kind"] == countermeasures.ADVERSARIAL:
            errors.check_no_float16("Adversarial training")
        parts = {"published": published, "test": test}
        if clean is not None:
            parts["clean"] = clean
        pictures.check(**parts)
        channels = published.data.shape[-1]
        if self._of_colours and channels not in (1, 3):
            raise errors.UserError(
                "AutoAugment, UEraser and what washes pictures know 1 or 3 "
                f"channels. Received: {channels}. Choose another "
                "augmentation and `countermeasure`."
            )
        seen = {name: self._seen(one) for name, one in parts.items()}
        from kprivacy.attacks.retraining import trainer

        begin = time.perf_counter()
        self.model, history = trainer.train(
            seen.pop("published"), seen, self._augment, **self._options
        )
        return RetrainingResult(
            tuple(history["test"]),
            tuple(history["clean"]) if clean is not None else None,
            tuple(history["train_loss"]),
            tuple(history["train_accuracy"]),
            tuple(history["gradient_norm"]),
            len(published),
            time.perf_counter() - begin,
        )

    def _seen(self, part):
        """A part as this trainer looks at it."""
        if self._see is None:
            return part
        return dataclasses.replace(part, data=self._see(part.data))


def mixed(natural, protected, share, seed=0):
    """Some examples protected, the rest as they are.

    Args:
        natural: `Arrays`.
        protected: The same examples, protected.
        share: Of those that are, from 0 to 1; of each class as near to it
            as whole examples allow.
        seed: Says which.

    Returns:
        (`Arrays`, mask of the protected ones, shape (examples,)).

    Raises:
        UserError: The share is no such number, or both are not the same
            examples.

    Example:

    >>> half, where = kprivacy.attacks.mixed(natural, protected, 0.5)
    >>> where.mean()
    0.5
    """
    if not 0 <= share <= 1:
        raise errors.UserError(
            f"`share` must be from 0 to 1. Received: share={share!r}."
        )
    pictures.check_same(natural=natural, protected=protected)
    where = np.zeros(len(natural), bool)
    generator = np.random.default_rng(seed)
    seen = 0
    for label in np.unique(natural.labels):
        members = generator.permutation(
            np.flatnonzero(natural.labels == label)
        )
        seen += len(members)
        # What rounding leaves over goes on to the next class.
        where[members[: round(share * seen) - where.sum()]] = True
    data = np.where(where[:, None, None, None], protected.data, natural.data)
    return dataclasses.replace(natural, data=data), where
