"""What an attribute inference attack found, as data."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class AttributeResult:
    """One attacker's success on the test part; all but seconds in float64.

    Attributes:
        attacker: Its name.
        accuracy: Share of examples whose attribute is named right.
        balanced_accuracy: Mean of that share over the classes, where the
            attacker guesses as if all classes were equally frequent.
        auc: Area under the receiver operating characteristic: of the second
            class of two, or the mean of each class against the rest.
        advantage: (accuracy - prior) / (1 - prior): 0 is blind, 1 all.
        validation_balanced_accuracy: On the attacker's validation data, by
            which the best attacker is chosen.
        seconds: Time to fit and predict.
    """

    attacker: str
    accuracy: float
    balanced_accuracy: float
    auc: float
    advantage: float
    validation_balanced_accuracy: float
    seconds: float


@dataclasses.dataclass(frozen=True)
class AttributeResults:
    """All attackers of one attribute, best first, with reference rows.

    Best is highest `validation_balanced_accuracy`; where it is equal, the
    likelihood of the validation data decides.

    Attributes:
        results: `AttributeResult`s, best first.
        attribute: Name of the attribute.
        prior: Test accuracy of always naming the attacker's largest class.
        classes: Number of classes.
        undefended: Best attacker's accuracy on the undefended release of
            the same architecture, or None if it was not attacked.
        examples: Examples of (fitting, validation, test).
        seed: Of the attackers.
        equal_error_rate: Of verification in pairs, 0.5 is blind; None if it
            was not run (see `with_verification`).
    """

    results: tuple
    attribute: str
    prior: float
    classes: int
    undefended: float | None
    examples: tuple
    seed: int
    equal_error_rate: float | None = None

    @property
    def best(self):
        """The attacker that is best on validation data."""
        return self.results[0]

    @property
    def blind_balanced_accuracy(self):
        """Balanced accuracy of guessing without looking."""
        return 1.0 / self.classes

    @property
    def share_of_undefended(self):
        """(accuracy - prior) / (undefended - prior) of the best attacker.

        None without an undefended release that says more than the prior.
        """
        if self.undefended is None or self.undefended <= self.prior:
            return None
        gain = self.best.accuracy - self.prior
        return gain / (self.undefended - self.prior)

    def with_verification(self, verification):
        """A copy that keeps the equal error rate of `VerificationResults`."""
        return dataclasses.replace(
            self, equal_error_rate=verification.best.equal_error_rate
        )

    def to_dict(self):
        """Plain data for JSON."""
        return {
            **dataclasses.asdict(self),
            "blind_balanced_accuracy": self.blind_balanced_accuracy,
            "share_of_undefended": self.share_of_undefended,
        }

    @classmethod
    def from_dict(cls, values):
        """The inverse of `to_dict`."""
        names = [field.name for field in dataclasses.fields(cls)]
        values = {name: values[name] for name in names}
        values["results"] = tuple(
            AttributeResult(**one) for one in values["results"]
        )
        values["examples"] = tuple(values["examples"])
        return cls(**values)

    def to_dataframe(self):
        """A `pandas.DataFrame`, attackers first, then the reference rows."""
        import pandas as pd

        rows = [dataclasses.asdict(one) for one in self.results]
        return pd.DataFrame(rows + self._references())

    def summary(self):
        """A table in text."""
        lines = [
            f"{self.attribute + ', attacker':<28}{'accuracy':>9}"
            f"{'balanced':>10}{'AUC':>7}{'advantage':>11}"
        ]
        lines += [_line(dataclasses.asdict(one)) for one in self.results]
        lines.append("for reference")
        lines += [_line(row) for row in self._references()]
        if self.share_of_undefended is not None:
            lines.append(
                f"{self.share_of_undefended:.1%} of what the undefended "
                "client gives away beyond the largest class"
            )
        if self.equal_error_rate is not None:
            lines.append(
                "verification in pairs: equal error rate "
                f"{self.equal_error_rate:.1%} (blind 50%)"
            )
        fit, validation, test = self.examples
        lines.append(
            f"{self.classes} classes; attackers: {fit} examples to fit, "
            f"{validation} to choose by, measured on {test}"
        )
        return "\n".join(lines)

    def _references(self):
        rows = []
        if self.undefended is not None:
            rows.append({
                "attacker": "undefended client",
                "accuracy": self.undefended,
                "advantage": (self.undefended - self.prior)
                / (1.0 - self.prior),
            })
        rows.append({
            "attacker": "largest class",
            "accuracy": self.prior,
            "balanced_accuracy": self.blind_balanced_accuracy,
            "auc": 0.5,
            "advantage": 0.0,
        })
        return rows


def _line(row):
    cells = [f"{row['attacker']:<28}{row['accuracy']:9.2%}"]
    for key, width, form in (
        ("balanced_accuracy", 10, ".2%"),
        ("auc", 7, ".3f"),
        ("advantage", 11, ".1%"),
    ):
        text = format(row[key], form) if key in row else "-"
        cells.append(f"{text:>{width}}")
    return "".join(cells)
