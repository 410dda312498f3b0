"""What an unauthorised training found, as data."""

import dataclasses
import statistics

import numpy as np


@dataclasses.dataclass(frozen=True)
class RetrainingResult:
    """One trained classifier's accuracies on clean data.

    Attributes:
        test: Test accuracy after each epoch.
        clean: Accuracy on the trainer's own few clean examples after each
            epoch, or None if there were none.
        train_loss: Mean loss of each epoch.
        train_accuracy: On what was published, augmented, in each epoch.
        gradient_norm: Of the loss of a batch of what was published, after
            each epoch: how much is left to learn from it.
        examples: Published examples.
        seconds: Of the training.
    """

    test: tuple
    clean: tuple | None
    train_loss: tuple
    train_accuracy: tuple
    gradient_norm: tuple
    examples: int
    seconds: float

    @property
    def accuracy(self):
        """At the end."""
        return self.test[-1]

    @property
    def peak_accuracy(self):
        """The best of all epochs: of a trainer who could see the test set."""
        return max(self.test)

    @property
    def stopped_accuracy(self):
        """At the epoch that is best on the trainer's own clean examples.

        None if there were none.
        """
        if self.clean is None:
            return None
        return self.test[int(np.argmax(self.clean))]

    def summary(self):
        """One line."""
        line = (
            f"accuracy {self.accuracy:.1%} after {len(self.test)} epochs, at "
            f"most {self.peak_accuracy:.1%}"
        )
        if self.clean is not None:
            line += f", stopped early {self.stopped_accuracy:.1%}"
        return line

    def to_dict(self):
        """Numbers as JSON holds them."""
        return {
            "accuracy": self.accuracy,
            "peak_accuracy": self.peak_accuracy,
            "stopped_accuracy": self.stopped_accuracy,
            **dataclasses.asdict(self),
        }


@dataclasses.dataclass(frozen=True)
class RetrainingResults:
    """Trainings that differ in their seeds alone.

    Attributes:
        seeds: Of the trainings.
        results: A `RetrainingResult` for each of them.
    """

    seeds: tuple
    results: tuple

    @property
    def mean(self):
        """Means over the seeds.

        A dict of "accuracy", "peak_accuracy" and, where the trainer had
        clean examples to stop by, "stopped_accuracy".
        """
        return self._over(statistics.fmean)

    @property
    def std(self):
        """The sample's standard deviations; 0 for a single seed."""
        if len(self.results) < 2:
            return self._over(lambda values: 0.0)
        return self._over(statistics.stdev)

    def summary(self):
        """One line."""
        mean, std = self.mean, self.std
        words = {"accuracy": f" over {len(self.seeds)} seeds",
                 "peak_accuracy": "", "stopped_accuracy": ""}
        parts = [
            f"{mean[name]:.1%} ± {std[name]:.1%}{words[name]}" for name in mean
        ]
        begins = "accuracy ", "at most ", "stopped early "
        return ", ".join(a + b for a, b in zip(begins, parts))

    def to_dict(self):
        """Numbers as JSON holds them."""
        return {
            "seeds": list(self.seeds),
            "mean": self.mean,
            "std": self.std,
            "results": [one.to_dict() for one in self.results],
        }

    def _over(self, of):
        names = ["accuracy", "peak_accuracy"]
        if self.results[0].clean is not None:
            names.append("stopped_accuracy")
        return {
            name: of([getattr(one, name) for one in self.results])
            for name in names
        }
