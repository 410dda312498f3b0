"""How the reconstruction error falls with the attacker's examples."""

import dataclasses
import warnings

import numpy as np

from kprivacy.attacks import inputs
from kprivacy.attacks.reconstruction.results import ReconstructionResults
from kprivacy.errors import check_count

COUNTS = (100, 300, 1000, 3000)


@dataclasses.dataclass(frozen=True)
class SweepResults:
    """What the attackers reach with few and with many examples.

    Attributes:
        counts: Examples that the attacker had, ascending; the last is all.
        results: One `ReconstructionResults` a count. Each has a ceiling of
            its own examples; the shares below are of the last one's, which
            is the best known.
    """

    counts: tuple
    results: tuple

    @property
    def errors(self):
        """The best attacker's mean squared error a count."""
        return tuple(one.best.mse for one in self.results)

    @property
    def label_only_error(self):
        """The label-only ceiling of all examples."""
        return self.results[-1].label_only_error

    def to_dict(self):
        """Plain data for JSON."""
        return {
            "counts": list(self.counts),
            "results": [one.to_dict() for one in self.results],
        }

    @classmethod
    def from_dict(cls, values):
        """The inverse of `to_dict`."""
        return cls(
            tuple(values["counts"]),
            tuple(map(ReconstructionResults.from_dict, values["results"])),
        )

    def to_dataframe(self):
        """A `pandas.DataFrame`, one row a count and attacker."""
        import pandas as pd

        return pd.DataFrame([
            {
                "examples": count,
                **dataclasses.asdict(one),
                "error_over_ceiling": one.mse / self.label_only_error,
            }
            for count, results in zip(self.counts, self.results)
            for one in results.results
        ])

    def summary(self):
        """A table in text."""
        lines = [
            f"{'examples':<10}{'best attacker':<22}{'MSE':>9}"
            f"{'of label-only':>15}"
        ]
        for count, results in zip(self.counts, self.results):
            best = results.best
            lines.append(
                f"{count:<10}{best.attacker:<22}{best.mse:9.5f}"
                f"{best.mse / self.label_only_error:15.1%}"
            )
        return "\n".join(lines)


def data_sweep(
    attack, release, attacker, test, counts=COUNTS, seed=0, last=None
):
    """Attacks a release with more and more of the attacker's examples.

    The examples stand in one seeded random order, of which a smaller count
    takes a shorter beginning.

    Args:
        attack: A `Reconstruction`.
        release: The release, data to what is sent.
        attacker: `kprivacy.data.Arrays`, the attacker's own data.
        test: `kprivacy.data.Arrays`, which nobody has seen.
        counts: Numbers of examples; those that the attacker does not have
            are left out, and all examples always come last.
        seed: Of the order.
        last: `ReconstructionResults` with all examples, if already known.

    Returns:
        A `SweepResults`.

    Raises:
        UserError: A count is too small to learn from.
    """
    for count in counts:
        check_count("counts", count, inputs.LEAST_EXAMPLES)
    inputs.check_parts(attacker, test)
    some = sorted({int(one) for one in counts if one < len(attacker)})
    order = np.random.default_rng(seed).permutation(len(attacker))
    found = []
    for count in some:
        with warnings.catch_warnings():
            # That few examples make weak attackers is what is shown.
            warnings.filterwarnings("ignore", "The best attacker's error")
            found.append(
                attack.run(release, attacker.take(order[:count]), test)
            )
    if last is None:
        last = attack.run(release, attacker, test)
    return SweepResults((*some, len(attacker)), (*found, last))
