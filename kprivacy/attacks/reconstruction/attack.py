"""The reconstruction attack: fresh attackers against a frozen release."""

import time
import warnings

import numpy as np

from kprivacy import metrics
from kprivacy.attacks import inputs
from kprivacy.attacks.reconstruction import families
from kprivacy.attacks.reconstruction.results import (
    AttackResult,
    ReconstructionResults,
)
from kprivacy.errors import check_names

VALIDATION_SHARE = 0.15
SSIM_EXAMPLES = 500


class Reconstruction:
    """Attacks releases by learning to reconstruct the data.

    Every attacker is fitted afresh on pairs (released, original) that the
    attacker makes by running the frozen client on data of its own; the one
    that is best on a validation part counts, all are listed. Where a release
    draws noise, one more attacker, "averaging", is given the mean of
    `repeats` releases of each example: what a phone gives away that sends
    the same picture again and again. It is listed, and not counted as best.

    Args:
        encoder: The client as a functional `keras.Model`: the attacker
            "mirror" mirrors it, and "white_box" differentiates it; without
            it these stay away.
        attackers: Names out of "ridge", "kernel_ridge",
            "nearest_neighbours", "class_posterior", "mlp", "mirror",
            "residual", "adversarial", "white_box"; None for all.
        steps: Gradient steps of the convolutional decoders' training; the
            perceptron takes four times as many.
        data_range: Largest minus smallest possible value of the data, for
            PSNR and SSIM; 1 for images in [0, 1].
        seed: Seeds the attackers.
        repeats: Releases that "averaging" sees of each example; below 2 for
            none.

    Example:

    >>> attack = kprivacy.attacks.Reconstruction(encoder=model.client)
    >>> release = kprivacy.releases.KerasRelease(model.client)
    >>> results = attack.run(
    ...     release, kprivacy.data.arrays("digits", "attacker"),
    ...     kprivacy.data.arrays("digits", "test"))
    >>> print(results.summary())

    Reference: the separately trained decoder of RAN's section 3.1, as one
    of several families.
    """

    NAMES = families.NAMES

    def __init__(
        self,
        encoder=None,
        attackers=None,
        steps=600,
        data_range=1.0,
        seed=0,
        repeats=16,
    ):
        check_names("attackers", attackers, self.NAMES)
        self._encoder = encoder
        self._names = tuple(attackers or self.NAMES)
        if encoder is None:
            hidden = families.WITH_ENCODER
            self._names = tuple(n for n in self._names if n not in hidden)
        self._steps = steps
        self._data_range = data_range
        self._seed = seed
        self._repeats = repeats
        self._activation = None
        self.best_attacker = None
        self.fitted = {}

    def run(self, release, attacker, test, undefended_error=None):
        """Fits all attackers and measures them on the test part.

        Args:
            release: The release, data to what is sent.
            attacker: `kprivacy.data.Arrays`, the attacker's own data, none
                of which the client was trained on.
            test: `kprivacy.data.Arrays`, which nobody has seen.
            undefended_error: Best error on the undefended release, for the
                reference row.

        Returns:
            A `ReconstructionResults`; the fitted attackers are kept by name
            as `fitted`, the winner as `best_attacker`.

        Raises:
            ValueError: There are too few examples to learn from, or the
                release sends something that is no feature.
        """
        inputs.check_parts(attacker, test)
        kept, held = inputs.split(attacker, self._seed, VALIDATION_SHARE)
        unit = attacker.data.min() >= 0 and attacker.data.max() <= 1
        self._activation = "sigmoid" if unit else None

        def attack(name, send, releases=1):
            sent = send(attacker.data), send(test.data)
            pairs = sent[0][kept], attacker.data[kept]
            validation = sent[0][held], attacker.data[held]
            return self._attack(
                name,
                pairs,
                validation,
                (sent[1], test.data),
                labels=attacker.labels[kept],
                releases=releases,
            )

        send = _remembered(lambda data: inputs.released(release, data))
        found = [attack(name, send) for name in self._names]
        if self._repeats > 1 and _is_noisy(release, test.data):
            found.append(attack(
                "averaging",
                lambda data: _averaged(release, data, self._repeats),
                self._repeats,
            ))
        found.sort(key=lambda one: one.rank)
        self.best_attacker = self.fitted[found[0].attacker]
        results = ReconstructionResults(
            results=tuple(found),
            mean_error=mean_error(attacker, test),
            label_only_error=label_only_error(attacker, test),
            undefended_error=undefended_error,
            data_range=self._data_range,
            examples=(len(kept), len(held), len(test)),
            seed=self._seed,
        )
        _warn_if_weak(results)
        return results

    def _attack(self, name, pairs, validation, tested, labels, releases):
        begin = time.perf_counter()
        one = families.build(
            name,
            encoder=self._encoder,
            activation=self._activation,
            steps=self._steps,
            seed=self._seed,
            labels=labels,
        ).fit(*pairs, validation)
        self.fitted[name] = one
        most = getattr(one, "EXAMPLES", None)
        sent, data = self._sample(tested, most)
        held_sent, held = self._sample(validation, most)
        guess = np.asarray(one.predict(sent))
        result = AttackResult(
            attacker=name,
            mse=metrics.mean_squared_error(data, guess),
            psnr=metrics.psnr(data, guess, self._data_range),
            ssim=metrics.ssim(
                data[:SSIM_EXAMPLES],
                guess[:SSIM_EXAMPLES],
                self._data_range,
            ),
            validation_mse=metrics.mean_squared_error(
                held, one.predict(held_sent)
            ),
            seconds=time.perf_counter() - begin,
            tested=len(data),
            releases=releases,
        )
        return result

    def _sample(self, pair, most):
        """`most` of the examples at random, for attackers that are slow."""
        if most is None or len(pair[0]) <= most:
            return pair
        generator = np.random.default_rng(self._seed)
        chosen = np.sort(generator.permutation(len(pair[0]))[:most])
        return tuple(one[chosen] for one in pair)


def _remembered(send):
    """`send`, which is asked once for each array: noise is drawn once."""
    known = {}

    def once(data):
        if id(data) not in known:
            known[id(data)] = send(data)
        return known[id(data)]

    return once


def _is_noisy(release, data):
    few = data[:8]
    return not np.array_equal(release(few), release(few))


def _averaged(release, data, repeats):
    """The mean of several releases of the same data, float32."""
    total = 0.0
    for _ in range(repeats):
        total = total + inputs.released(release, data).astype(np.float64)
    return (total / repeats).astype(np.float32)


def mean_error(attacker, test):
    """Test error of predicting the mean of the attacker's data."""
    mean = attacker.data.mean(axis=0, dtype=np.float64)
    return metrics.mean_squared_error(
        test.data, np.broadcast_to(mean, test.data.shape)
    )


def label_only_error(attacker, test):
    """Test error of predicting the class's mean from the true label."""
    means = np.broadcast_to(
        attacker.data.mean(axis=0, dtype=np.float64),
        (attacker.num_classes, *attacker.data.shape[1:]),
    ).copy()
    for label in np.unique(attacker.labels):
        mine = attacker.data[attacker.labels == label]
        means[label] = mine.mean(axis=0, dtype=np.float64)
    return metrics.mean_squared_error(test.data, means[test.labels])


def _warn_if_weak(results):
    """An attacker worse than knowing nothing says more of it than of us."""
    if results.best.mse > 1.02 * results.mean_error:
        warnings.warn(
            "The best attacker's error is above that of predicting the mean: "
            "the attackers are implausibly weak, and this is no evidence of "
            "privacy. Give them more steps or more data.",
            stacklevel=3,
        )
