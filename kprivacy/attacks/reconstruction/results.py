"""What a reconstruction attack found, as data."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class AttackResult:
    """One attacker's success on the test part.

    Attributes:
        attacker: Its name.
        mse: Mean squared error, data units squared, float64.
        psnr: Peak signal-to-noise ratio in dB of that error.
        ssim: Mean structural similarity, or None for signals.
        validation_mse: Error on the attacker's validation data, by which
            the best attacker is chosen.
        seconds: Time to fit and predict.
        tested: Test examples it was measured on, a sample for slow ones.
        releases: Releases of each example that it was given.
    """

    attacker: str
    mse: float
    psnr: float
    ssim: float | None
    validation_mse: float
    seconds: float
    tested: int | None = None
    releases: int = 1

    @property
    def rank(self):
        """By this the best is found: those of one release come first."""
        return self.releases > 1, self.validation_mse


@dataclasses.dataclass(frozen=True)
class ReconstructionResults:
    """All attackers of one release, best first, with reference rows.

    Best is lowest `validation_mse`: the attacker picks by what it can see.
    Attackers that were given several releases of each example come last.

    Attributes:
        results: `AttackResult`s, best first.
        mean_error: Error of predicting the mean, the zero-information
            ceiling.
        label_only_error: Error of predicting the class's mean from the true
            label, what features that tell the class alone would allow.
        undefended_error: Best attacker's error on the undefended release of
            the same architecture, or None if it was not attacked.
        data_range: Largest minus smallest value, for PSNR and SSIM.
        examples: Examples of (fitting, validation, test).
        seed: Of the attackers.
    """

    results: tuple
    mean_error: float
    label_only_error: float
    undefended_error: float | None
    data_range: float
    examples: tuple
    seed: int

    @property
    def best(self):
        """The attacker that is best on validation data."""
        return self.results[0]

    @property
    def error_over_ceiling(self):
        """Best attack's error over that of knowing the class alone."""
        return self.best.mse / self.label_only_error

    def to_dict(self):
        """Plain data for JSON."""
        return {
            **dataclasses.asdict(self),
            "error_over_ceiling": self.error_over_ceiling,
        }

    @classmethod
    def from_dict(cls, values):
        """The inverse of `to_dict`."""
        values = dict(values)
        values.pop("error_over_ceiling")
        values["results"] = tuple(
            AttackResult(**one) for one in values["results"]
        )
        values["examples"] = tuple(values["examples"])
        return cls(**values)

    def to_dataframe(self):
        """A `pandas.DataFrame`, attackers first, then the reference rows."""
        import pandas as pd

        rows = [dataclasses.asdict(one) for one in self.results]
        rows += [{"attacker": n, "mse": e} for n, e in self._references()]
        frame = pd.DataFrame(rows)
        frame["error_over_ceiling"] = frame["mse"] / self.label_only_error
        return frame

    def summary(self):
        """A table in text."""
        image = self.results[0].ssim is not None
        lines = [
            f"{'attacker':<22}{'MSE':>9}{'PSNR dB':>9}{'SSIM':>7}"
            f"{'of label-only':>15}"
        ]
        for one in self.results:
            ssim = f"{one.ssim:7.3f}" if image else f"{'-':>7}"
            several = f" of {one.releases}" if one.releases > 1 else ""
            lines.append(
                f"{one.attacker + several:<22}{one.mse:9.5f}{one.psnr:9.2f}"
                f"{ssim}{one.mse / self.label_only_error:15.1%}"
            )
        lines.append("for reference")
        for name, error in self._references():
            lines.append(
                f"{name:<22}{error:9.5f}{'':16}"
                f"{error / self.label_only_error:15.1%}"
            )
        fit, validation, test = self.examples
        lines.append(
            f"attackers: {fit} examples to fit, {validation} to choose by, "
            f"measured on {test}; data range {self.data_range:g}"
        )
        return "\n".join(lines)

    def _references(self):
        rows = []
        if self.undefended_error is not None:
            rows.append(("undefended client", self.undefended_error))
        rows.append(("label only", self.label_only_error))
        rows.append(("nothing but the mean", self.mean_error))
        return rows
