"""The audit: all that is asked of one release, in one report."""

import dataclasses
import time

import numpy as np

from kprivacy import files
from kprivacy.attacks import inputs
from kprivacy.attacks.audit.report import AuditReport
from kprivacy.attacks.audit.sweep import data_sweep
from kprivacy.attacks.reconstruction import Reconstruction
from kprivacy.errors import UserError

PICTURES = 10
PROBED = 256


@dataclasses.dataclass(frozen=True)
class Undefended:
    """What is known of the undefended client of the same architecture.

    Attributes:
        accuracy: Of its server, in [0, 1].
        attack_error: Best reconstruction attacker's mean squared error.
        attributes: Attribute's name to the best attacker's accuracy.
        pictures: Reconstructions of the first test examples.
    """

    accuracy: float | None = None
    attack_error: float | None = None
    attributes: dict = dataclasses.field(default_factory=dict)
    pictures: np.ndarray | None = None


class Audit:
    """Reconstruction, attribute inference, data sweep and self-checks.

    Args:
        encoder: The client as a functional `keras.Model`, for the attackers
            that look into it; None: these stay away.
        attackers: Names of reconstruction attackers; None for all.
        attributes: Names of attributes to infer, "label" for the class.
        counts: Numbers of attacker's examples of the sweep; none: no sweep.
        steps: Gradient steps of a decoder or classifier.
        seed: Of the attackers.
        self_checks: Whether known answers are put to the attackers, which
            costs seconds.

    Example:

    >>> audit = kprivacy.attacks.audit.Audit(encoder=model.client)
    >>> report = audit.run(release, attacker, test)
    >>> print(report.summary())
    >>> report.write("audit")

    Reference: the reports of tensorflow/privacy's membership inference
    attacks, after which this one is modelled.
    """

    def __init__(
        self,
        encoder=None,
        attackers=None,
        attributes=(),
        counts=(),
        steps=600,
        seed=0,
        self_checks=True,
    ):
        self._encoder = encoder
        self._options = {
            "attackers": attackers or None, "steps": steps, "seed": seed,
        }
        Reconstruction(encoder, **self._options)
        self._attributes = tuple(attributes)
        self._counts = tuple(counts)
        self._seed = seed
        self._steps = steps
        self._self_checks = self_checks

    def check(self, release, attacker, test):
        """Raises what `run` would raise, before anything is trained.

        Raises:
            UserError: The parts are too small or do not fit each other, the
                release does not take such data, sends no features or the
                same ones for everything, or an attribute is not there.
        """
        inputs.check_parts(attacker, test)
        inputs.check_classes(attacker, test)
        _check_shape(release, test.data)
        inputs.released(release, attacker.data[:PROBED])
        inputs.check_alive(inputs.released(release, test.data[:PROBED]))
        for name in self._attributes:
            _check_attribute(name, attacker, test)

    def run(self, release, attacker, test, undefended=None, **facts):
        """Audits a release.

        Args:
            release: The release, data to what is sent.
            attacker: `kprivacy.data.Arrays`, the attacker's own data.
            test: `kprivacy.data.Arrays`, which nobody has seen.
            undefended: `Undefended`, for the reference rows.
            **facts: Of `AuditReport`: `data`, the set's name; `released`,
                what was audited; `accuracy` of the server; `command`.

        Returns:
            An `AuditReport`.

        Raises:
            UserError: As `check`.
        """
        begin = time.perf_counter()
        self.check(release, attacker, test)
        undefended = undefended or Undefended()
        attack = Reconstruction(
            self._encoder, data_range=data_range(test.data), **self._options
        )
        results = attack.run(release, attacker, test, undefended.attack_error)
        return AuditReport(
            reconstruction=results,
            undefended_accuracy=undefended.accuracy,
            prior=prior(test),
            attributes=tuple(
                self._inferred(name, release, attacker, test, undefended)
                for name in self._attributes
            ),
            sweep=self._sweep(release, attacker, test, results),
            checks=self._checked(release, attacker, test),
            seed=self._seed,
            pictures=_pictures(attack, release, test, results, undefended),
            environment=files.environment(),
            seconds=time.perf_counter() - begin,
            **facts,
        )

    def infer(self, release, attacker, test, attribute, undefended=None):
        """`AttributeResults` of one attribute."""
        from kprivacy.attacks.attributes.inference import AttributeInference

        return AttributeInference(steps=self._steps, seed=self._seed).run(
            release, attacker, test, attribute, undefended
        )

    def _inferred(self, name, release, attacker, test, undefended):
        known = undefended.attributes.get(name)
        return self.infer(release, attacker, test, name, known)

    def _sweep(self, release, attacker, test, last):
        if not self._counts:
            return None
        attack = Reconstruction(
            self._encoder, data_range=data_range(test.data), **self._options
        )
        return data_sweep(
            attack, release, attacker, test, self._counts, last=last
        )

    def _checked(self, release, attacker, test):
        if not self._self_checks:
            return ()
        from kprivacy.attacks.audit import self_checks

        name = self._attributes[0] if self._attributes else None
        checks = self_checks.run(
            release, attacker, test, attribute=name, seed=self._seed
        )
        if name or test.num_classes > 1:
            return checks
        # Without classes there is no attribute to shuffle or to plant.
        return tuple(c for c in checks if not c.name.endswith("attribute"))


def data_range(values):
    """1 for images in [0, 1], largest minus smallest for signals."""
    if values.ndim == 4:
        return 1.0
    return float(values.max() - values.min())


def prior(part):
    """Accuracy of naming the most frequent class; None without classes."""
    if part.num_classes < 2:
        return None
    return float(np.bincount(part.labels).max() / len(part))


def _pictures(attack, release, test, results, undefended):
    """Rows to look at: originals, each attacker's work, best first."""
    shown = test.data[:PICTURES]
    sent = inputs.released(release, shown)
    rows = {"original": shown}
    for one in results.results:
        # Those of several releases were fitted on features unlike these.
        if one.releases == 1:
            rows[one.attacker] = np.asarray(
                attack.fitted[one.attacker].predict(sent)
            )
    if undefended.pictures is not None:
        rows["undefended client"] = undefended.pictures
    return rows


def _check_shape(release, data):
    """Raises if a release that says what it takes takes something else."""
    shape = getattr(release, "input_shape", None)
    if shape is None and hasattr(release, "client"):
        shape = release.client.inputs[0].shape[1:]
    if shape is not None and tuple(shape) != data.shape[1:]:
        raise UserError(
            f"The release takes data of shape {tuple(shape)} an example. "
            f"Received: data of shape {data.shape[1:]}. Name the data set "
            "that the client was made for."
        )


def _check_attribute(name, attacker, test):
    known = ["label", *sorted(set(attacker.attributes) & set(test.attributes))]
    if name not in known:
        raise UserError(
            f"`attributes` must be out of {', '.join(known)} for these data. "
            f"Received: {name!r}."
        )
