"""What an unauthorised training found, as data."""

import dataclasses

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
