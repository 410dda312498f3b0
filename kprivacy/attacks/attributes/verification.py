"""Verification in pairs: do two releases come from one person?"""

import dataclasses
import time

import numpy as np

from kprivacy.attacks import inputs
from kprivacy.attacks.attributes import classifiers, pair_scores
from kprivacy.attacks.attributes.classes import attribute_values
from kprivacy.attacks.attributes.pairs import (
    equal_error_rate,
    hold_out,
    make_pairs,
)
from kprivacy.errors import check_count, check_names


class Verification:
    """Attacks identities that the attacker need not have met before.

    From the features of two examples an attacker scores how likely they come
    from one person. "cosine" is the cosine of standardised features; "lda"
    the distance after a linear discriminant analysis of the people the
    attacker knows, "network" the cosine of what a network says of these.
    The one that is best on pairs of people held out from the fitting counts.

    Args:
        scores: Names out of "cosine", "lda", "network"; None for all.
        pairs: Pairs to measure on, half of one person each; fewer where the
            data have fewer.
        within: Name of an attribute that both examples of a pair share, or
            "label": people are told apart more easily while they do the
            same. None for any pairs.
        steps: Gradient steps of the network; a perceptron takes four times
            as many.
        seed: Of the pairs, of the people held out and of the network.

    Example:

    >>> results = Verification().run(release, attacker, test, "subject")
    >>> print(results.summary())

    Reference: the protocol of Labeled Faces in the Wild (Huang et al.,
    2007); `sklearn.discriminant_analysis.LinearDiscriminantAnalysis`.
    """

    NAMES = pair_scores.NAMES

    def __init__(
        self, scores=None, pairs=4000, within=None, steps=600, seed=0
    ):
        check_names("scores", scores, self.NAMES)
        check_count("pairs", pairs, minimum=2)
        check_count("steps", steps)
        self._names = tuple(scores or self.NAMES)
        self._pairs = pairs
        self._within = within
        self._steps = steps
        self._seed = seed

    def run(self, release, attacker, test, attribute="subject"):
        """Fits on the attacker's people and measures on those of the test.

        Args:
            release: The release, data to what is sent.
            attacker: `kprivacy.data.Arrays`, the attacker's own data.
            test: `kprivacy.data.Arrays`, of the same people or of others.
            attribute: Name of the identity in `attributes` of both parts,
                or "label" for their `labels`.

        Returns:
            A `VerificationResults`.

        Raises:
            UserError: The identity is missing, a part has not two people,
                or too few examples of each, or the release sends something
                that is no feature.
        """
        inputs.check_parts(attacker, test)
        people = attribute_values(attacker, attribute)
        tested = attribute_values(test, attribute)
        shared = self._shared(attacker)
        pairs = self._make_pairs(tested, self._shared(test))
        sent = inputs.released(release, attacker.data)
        sent_test = inputs.released(release, test.data)
        found = []
        for name in self._names:
            begin = time.perf_counter()
            validated = self._validate(name, sent, people, shared)
            scores = self._build(name).fit(sent, people)(sent_test, pairs)
            found.append(VerificationResult(
                score=name,
                equal_error_rate=equal_error_rate(pairs[2], scores),
                auc=classifiers.auc(
                    pairs[2], np.stack([-scores, scores], axis=1)
                ),
                validation_equal_error_rate=validated,
                seconds=time.perf_counter() - begin,
            ))
        found.sort(key=lambda one: one.validation_equal_error_rate)
        return VerificationResults(
            results=tuple(found),
            identities=(len(set(people)), len(set(tested))),
            unseen=len(set(tested) - set(people)),
            pairs=len(pairs[2]),
            within=self._within,
            seed=self._seed,
        )

    def _validate(self, name, sent, people, shared):
        """The equal error rate on pairs that the score was not fitted on."""
        kept, held = hold_out(people, self._seed)
        if shared is not None:
            shared = shared[held]
        pairs = self._make_pairs(people[held], shared)
        scores = self._build(name).fit(sent[kept], people[kept])
        return equal_error_rate(pairs[2], scores(sent[held], pairs))

    def _build(self, name):
        return pair_scores.build(name, self._steps, self._seed)

    def _make_pairs(self, people, shared):
        return make_pairs(people, self._pairs, self._seed, shared)

    def _shared(self, part):
        if self._within is None:
            return None
        return attribute_values(part, self._within)


@dataclasses.dataclass(frozen=True)
class VerificationResult:
    """One score's success; both rates in float64, 0.5 is blind.

    Attributes:
        score: Its name.
        equal_error_rate: Where as many pairs of one person are rejected as
            pairs of two are accepted.
        auc: Area under the receiver operating characteristic.
        validation_equal_error_rate: On the attacker's own held-out pairs.
        seconds: Time to fit and score.
    """

    score: str
    equal_error_rate: float
    auc: float
    validation_equal_error_rate: float
    seconds: float


@dataclasses.dataclass(frozen=True)
class VerificationResults:
    """All scores, best on validation pairs first.

    Attributes:
        results: `VerificationResult`s.
        identities: Numbers of people of the (attacker, test).
        unseen: People of the test that the attacker has never seen.
        pairs: Pairs measured on, half of them of one person.
        within: Name of what both of a pair share, or None.
        seed: Of pairs, people held out and network.
    """

    results: tuple
    identities: tuple
    unseen: int
    pairs: int
    within: str | None
    seed: int

    @property
    def best(self):
        """The score that is best on validation pairs."""
        return self.results[0]

    def to_dict(self):
        """Plain data for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values):
        """The inverse of `to_dict`."""
        results = tuple(VerificationResult(**x) for x in values["results"])
        identities = tuple(values["identities"])
        return cls(**{**values, "results": results, "identities": identities})

    def summary(self):
        """A table in text."""
        lines = [f"{'verification by':<22}{'equal error rate':>17}{'AUC':>7}"]
        lines += [
            f"{one.score:<22}{one.equal_error_rate:17.2%}{one.auc:7.3f}"
            for one in self.results
        ]
        lines.append(f"{'blind':<22}{0.5:17.2%}{0.5:7.3f}")
        known, tested = self.identities
        shared = f" that share the {self.within}" if self.within else ""
        lines.append(
            f"{self.pairs} pairs{shared} of {tested} people, {self.unseen} "
            f"of whom the attacker has never seen; {known} known"
        )
        return "\n".join(lines)
