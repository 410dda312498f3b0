"""The reconstruction attack: fresh attackers against a frozen release."""

import time
import warnings

import numpy as np

from kprivacy import metrics
from kprivacy.attacks import attackers
from kprivacy.attacks.results import AttackResult, ReconstructionResults
from kprivacy.errors import UserError

VALIDATION_SHARE = 0.15
SSIM_EXAMPLES = 500
LEAST_EXAMPLES = 20


class Reconstruction:
    """Attacks releases by learning to reconstruct the data.

    Every attacker is fitted afresh on pairs (released, original) that the
    attacker makes by running the frozen client on data of its own; the one
    that is best on a validation part counts, all are listed.

    Args:
        encoder: The client as a functional `keras.Model`, whose mirror the
            attacker "mirror" is; without it that attacker stays away.
        attackers: Names out of "ridge", "nearest_neighbours", "mlp",
            "mirror", "residual"; None for all.
        steps: Gradient steps of the convolutional decoders' training; the
            perceptron takes `MLP_STEPS` times as many.
        data_range: Largest minus smallest possible value of the data, for
            PSNR and SSIM; 1 for images in [0, 1].
        seed: Seeds the attackers.

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

    NAMES = ("ridge", "nearest_neighbours", "mlp", "mirror", "residual")
    # A step of the perceptron costs a fraction of a convolutional one.
    MLP_STEPS = 4

    def __init__(
        self, encoder=None, attackers=None, steps=600, data_range=1.0, seed=0
    ):
        unknown = set(attackers or ()) - set(self.NAMES)
        if unknown:
            raise UserError(
                f"`attackers` must be out of {self.NAMES}. Received: "
                f"{sorted(unknown)}."
            )
        self._encoder = encoder
        self._names = tuple(attackers or self.NAMES)
        if encoder is None:
            self._names = tuple(n for n in self._names if n != "mirror")
        self._steps = steps
        self._data_range = data_range
        self._seed = seed
        self._activation = None
        self.best_attacker = None

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
            A `ReconstructionResults`; the fitted winner is kept as
            `best_attacker`.

        Raises:
            ValueError: There are too few examples to learn from.
        """
        if len(attacker) < LEAST_EXAMPLES or not len(test):
            raise UserError(
                f"An attack needs at least {LEAST_EXAMPLES} examples of the "
                "attacker's and some to test on. Received: "
                f"{len(attacker)} and {len(test)}. Bring more data, or widen "
                "the slices of the splits."
            )
        order = np.random.default_rng(self._seed).permutation(len(attacker))
        count = max(1, round(len(order) * VALIDATION_SHARE))
        held, kept = order[:count], order[count:]
        sent = np.asarray(release(attacker.data))
        unit = attacker.data.min() >= 0 and attacker.data.max() <= 1
        self._activation = "sigmoid" if unit else None
        pairs = sent[kept], attacker.data[kept]
        validation = sent[held], attacker.data[held]
        sent_test = np.asarray(release(test.data))
        found = []
        for name in self._names:
            found.append(self._attack(name, pairs, validation, sent_test, test))
        found.sort(key=lambda pair: pair[0].validation_mse)
        self.best_attacker = found[0][1]
        results = ReconstructionResults(
            results=tuple(result for result, _ in found),
            mean_error=mean_error(attacker, test),
            label_only_error=label_only_error(attacker, test),
            undefended_error=undefended_error,
            data_range=self._data_range,
            examples=(len(kept), len(held), len(test)),
            seed=self._seed,
        )
        _warn_if_weak(results)
        return results

    def _attack(self, name, pairs, validation, sent_test, test):
        begin = time.perf_counter()
        one = self._build(name).fit(*pairs, validation)
        guess = np.asarray(one.predict(sent_test))
        validated = metrics.mean_squared_error(
            validation[1], one.predict(validation[0])
        )
        result = AttackResult(
            attacker=name,
            mse=metrics.mean_squared_error(test.data, guess),
            psnr=metrics.psnr(test.data, guess, self._data_range),
            ssim=metrics.ssim(
                test.data[:SSIM_EXAMPLES],
                guess[:SSIM_EXAMPLES],
                self._data_range,
            ),
            validation_mse=validated,
            seconds=time.perf_counter() - begin,
        )
        return result, one

    def _build(self, name):
        from kprivacy import networks

        activation = self._activation
        if name == "ridge":
            return attackers.Ridge()
        if name == "nearest_neighbours":
            return attackers.NearestNeighbours()
        builders = {
            "mlp": lambda features, target: networks.mlp_decoder(
                features, target, output_activation=activation
            ),
            "mirror": lambda _, __: networks.mirror(
                self._encoder, activation
            ),
            "residual": lambda features, target: networks.residual_decoder(
                features, target, output_activation=activation
            ),
        }
        steps = self._steps * (self.MLP_STEPS if name == "mlp" else 1)
        return attackers.Decoder(
            name,
            builders[name],
            steps=steps,
            seed=self._seed,
            standardise=activation is None,
        )


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
