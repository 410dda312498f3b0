"""The attribute inference attack: fresh classifiers on a frozen release."""

import time

import numpy as np

from kprivacy.attacks import inputs
from kprivacy.attacks.attributes import classifiers
from kprivacy.attacks.attributes.classes import class_indices, stratified
from kprivacy.attacks.attributes.results import (
    AttributeResult,
    AttributeResults,
)
from kprivacy.errors import (
    UserError,
    check_count,
    check_fraction,
    check_names,
)


class AttributeInference:
    """Attacks releases by learning to infer an attribute of the data.

    Every attacker is fitted afresh on pairs (released, attribute) of the
    attacker's own, 85 % of them; the one that is best by balanced accuracy on
    the others counts, all are listed.

    Args:
        attackers: Names out of "logistic_regression", "nearest_neighbours",
            "random_forest", "mlp", "cnn", "augmented_cnn"; None for all.
            "cnn" stays away from features that are neither maps nor signals,
            "augmented_cnn", which mirrors and shifts, from all that are
            smaller than pictures.
        steps: Gradient steps of the convolutional network's training; the
            perceptron takes four times as many, "augmented_cnn" twice.
        seed: Seeds the attackers and the choice of validation data.

    Example:

    >>> attack = AttributeInference()
    >>> release = kprivacy.releases.KerasRelease(model.client)
    >>> results = attack.run(release, attacker, test, attribute="subject")
    >>> print(results.summary())

    Reference: the inference network of GAP (generative adversarial
    privacy), trained after the privatiser is frozen, as one of several
    families.
    """

    NAMES = classifiers.NAMES

    def __init__(self, attackers=None, steps=600, seed=0):
        check_names("attackers", attackers, self.NAMES)
        check_count("steps", steps)
        self._names = tuple(attackers or self.NAMES)
        self._steps = steps
        self._seed = seed
        self.best_attacker = None

    def run(
        self, release, attacker, test, attribute="subject", undefended=None
    ):
        """Fits all attackers and measures them on the test part.

        Args:
            release: The release, data to what is sent.
            attacker: `kprivacy.data.Arrays`, the attacker's own data, none
                of which the client was trained on.
            test: `kprivacy.data.Arrays`, which nobody has seen.
            attribute: Name of the attribute in `attributes` of both parts,
                or "label" for their `labels`.
            undefended: Best attacker's accuracy on the undefended release,
                in [0, 1], for the reference row.

        Returns:
            An `AttributeResults`; the fitted winner is kept as
            `best_attacker`.

        Raises:
            UserError: The attribute is missing or no class, a part has too
                few examples of it, or the release sends something that is no
                feature.
        """
        inputs.check_parts(attacker, test)
        if undefended is not None:
            check_fraction("undefended", undefended)
        classes, labels, tested = class_indices(attacker, test, attribute)
        kept, held = stratified(labels, self._seed)
        targets = np.eye(len(classes), dtype=np.float32)[labels]
        sent = _features(release, attacker.data)
        sent_test = _features(release, test.data)
        fitting = sent[kept], targets[kept]
        validation = sent[held], targets[held]
        prior = float(np.mean(tested == np.bincount(labels).argmax()))
        found = [
            self._attack(name, fitting, validation, (sent_test, tested), prior)
            for name in self._present(sent.shape[1:])
        ]
        found.sort(key=lambda one: one[0], reverse=True)
        self.best_attacker = found[0][2]
        return AttributeResults(
            results=tuple(result for _, result, _ in found),
            attribute=attribute,
            prior=prior,
            classes=len(classes),
            undefended=undefended,
            examples=(len(kept), len(held), len(test)),
            seed=self._seed,
        )

    def _present(self, shape):
        names = classifiers.fitting(self._names, shape)
        if not names:
            raise UserError(
                "The attacker 'cnn' needs features of shape (height, width, "
                "channels) or (steps, channels), of sides of at least 2, "
                "'augmented_cnn' pictures of at least "
                f"{classifiers.PICTURE_SIDE} a side. Received: {shape}. Use "
                f"another one out of {self.NAMES}."
            )
        return names

    def _attack(self, name, fitting, validation, test, prior):
        begin = time.perf_counter()
        if (fitting[0] == fitting[0][:1]).all():
            one = classifiers.Prior(name)
        else:
            one = classifiers.build(name, self._steps, self._seed)
        one.fit(*fitting, validation)
        shares = fitting[1].mean(axis=0)
        scores = np.asarray(one.predict(test[0]))
        accuracy = classifiers.accuracy(test[1], scores)
        rank = classifiers.validated(
            validation[1], one.predict(validation[0]), shares
        )
        result = AttributeResult(
            attacker=name,
            accuracy=accuracy,
            balanced_accuracy=classifiers.balanced_accuracy(
                test[1], scores, shares
            ),
            auc=classifiers.auc(test[1], scores),
            advantage=(accuracy - prior) / (1.0 - prior),
            validation_balanced_accuracy=rank[0],
            seconds=time.perf_counter() - begin,
        )
        return rank, result, one


def _features(release, data):
    sent = inputs.released(release, data)
    return sent[:, None] if sent.ndim == 1 else sent
