"""What an audit found: text, table, JSON and a page."""

import dataclasses
import pathlib

from kprivacy import files
from kprivacy.attacks.audit.sweep import SweepResults
from kprivacy.attacks.reconstruction.results import ReconstructionResults


@dataclasses.dataclass(frozen=True)
class AuditReport:
    """The findings of `Audit.run`.

    Attributes:
        reconstruction: `ReconstructionResults`.
        data: Name of the data set.
        released: What was audited: "kind", and where it is a file "path" and
            "sha256".
        accuracy: Share that the server classifies right, None without one.
        undefended_accuracy: The same of the undefended client.
        prior: Share of the largest class of the test data.
        attributes: `AttributeResults`, one an attribute.
        sweep: `SweepResults` or None.
        checks: `self_checks.Check`s.
        seed: Of the attackers.
        seconds: The audit's duration.
        environment: Versions and hardware.
        command: The command that made it, or None.
        pictures: Label to a batch of originals or reconstructions, for the
            page alone: `to_dict` leaves them out.
    """

    reconstruction: ReconstructionResults
    data: str = "arrays"
    released: dict = dataclasses.field(default_factory=dict)
    accuracy: float | None = None
    undefended_accuracy: float | None = None
    prior: float | None = None
    attributes: tuple = ()
    sweep: SweepResults | None = None
    checks: tuple = ()
    seed: int = 0
    seconds: float = 0.0
    environment: dict = dataclasses.field(default_factory=dict)
    command: str | None = None
    pictures: dict | None = dataclasses.field(
        default=None, compare=False, repr=False
    )

    @property
    def has_classes(self):
        """Whether knowing the class says more than the mean of all data."""
        return self.reconstruction.label_only_error != (
            self.reconstruction.mean_error
        )

    @property
    def failed_checks(self):
        """The self-checks that did not pass."""
        return tuple(one for one in self.checks if not one.passed)

    @property
    def kept_utility(self):
        """(accuracy - prior) / (undefended - prior).

        None if one is unknown, or the undefended client knows nothing.
        """
        if None in (self.accuracy, self.undefended_accuracy, self.prior):
            return None
        possible = self.undefended_accuracy - self.prior
        gain = self.accuracy - self.prior
        return gain / possible if possible > 0 else None

    def headline(self):
        """The finding in one sentence."""
        best = self.reconstruction.best
        known = (
            "is told the class and nothing else" if self.has_classes
            else "knows the mean of the data and nothing else"
        )
        return (
            f"The best of {len(self.reconstruction.results)} attackers "
            f"({best.attacker}) rebuilds the data with an error of "
            f"{best.mse:.4g}, {self.reconstruction.error_over_ceiling:.1%} of "
            f"the error of somebody who {known}."
        )

    def to_dict(self):
        """Plain data for JSON."""
        values = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name != "pictures"
        }
        return {
            **values,
            "reconstruction": self.reconstruction.to_dict(),
            "attributes": [one.to_dict() for one in self.attributes],
            "sweep": self.sweep.to_dict() if self.sweep else None,
            "checks": [dataclasses.asdict(one) for one in self.checks],
        }

    @classmethod
    def from_dict(cls, values):
        """The inverse of `to_dict`; the pictures stay away."""
        from kprivacy.attacks.attributes.results import AttributeResults
        from kprivacy.attacks.audit.self_checks import Check

        values = dict(values)
        values["reconstruction"] = ReconstructionResults.from_dict(
            values["reconstruction"]
        )
        values["attributes"] = tuple(
            map(AttributeResults.from_dict, values.get("attributes", ()))
        )
        if values.get("sweep"):
            values["sweep"] = SweepResults.from_dict(values["sweep"])
        values["checks"] = tuple(
            Check(**one) for one in values.get("checks", ())
        )
        return cls(**values)

    def to_dataframe(self):
        """A `pandas.DataFrame`, a row an attack, attacker and reference."""
        import pandas as pd

        frames = {"reconstruction": self.reconstruction.to_dataframe()}
        for one in self.attributes:
            frames[f"attribute {one.attribute}"] = one.to_dataframe()
        return pd.DataFrame([
            {"attack": name, **row}
            for name, frame in frames.items()
            for row in frame.to_dict("records")
        ])

    def summary(self):
        """The report as text."""
        parts = [self._utility(), self.reconstruction.summary()]
        parts.append(self.headline())
        parts += [one.summary() for one in self.attributes]
        if self.sweep:
            parts.append(self.sweep.summary())
        if self.checks:
            from kprivacy.attacks.audit import self_checks

            parts.append(self_checks.summary(self.checks))
        return "\n\n".join(part for part in parts if part)

    def to_html(self):
        """One page that needs no other file, with pictures of test data."""
        from kprivacy.attacks.audit import page

        return page.html_page(self)

    def write(self, folder):
        """Writes audit.json, attackers.csv, summary.txt and audit.html.

        Each is made before the first is written, and written in one move.
        """
        contents = {
            "attackers.csv": self.to_dataframe().to_csv(index=False),
            "summary.txt": self.summary() + "\n",
            "audit.html": self.to_html(),
        }
        folder = pathlib.Path(folder)
        files.write_json(folder / "audit.json", self.to_dict())
        for name, text in contents.items():
            files.write_bytes(folder / name, text.encode())

    def _utility(self):
        if self.accuracy is None:
            return ""
        text = f"accuracy {self.accuracy:.2%}"
        if self.undefended_accuracy is not None:
            text += f", undefended {self.undefended_accuracy:.2%}"
        if self.prior is not None:
            text += f", largest class {self.prior:.2%}"
        kept = self.kept_utility
        return text + (
            "" if kept is None else f": {kept:.1%} of the utility is kept"
        )
