"""How far a release is from the data, and what holds it there."""

import keras
from keras import ops

from kprivacy import errors

NAMES = ("mse", "mae", "hamming")
CONSTRAINTS = ("weight", "penalty", "augmented_lagrangian")


class Distortion(keras.losses.Loss):
    """d(x, released), a mean over the elements of an example.

    Args:
        kind: "mse", the squared error; "mae", the absolute one; "hamming",
            the share of bits that differ, of data in [0, 1].
    """

    def __init__(self, kind="mse", name="distortion", **kwargs):
        errors.check_choice("distortion", kind, NAMES)
        super().__init__(name=name, **kwargs)
        self.kind = kind

    def call(self, y_true, y_pred):
        if self.kind == "mse":
            found = ops.square(y_true - y_pred)
        elif self.kind == "mae":
            found = ops.abs(y_true - y_pred)
        else:
            found = y_true * (1 - y_pred) + (1 - y_true) * y_pred
        return ops.mean(found, axis=tuple(range(1, len(y_pred.shape))))


def check_constraint(constraint, budget, stiffness):
    """Raises unless a budget is given exactly where one is held."""
    errors.check_choice("constraint", constraint, CONSTRAINTS)
    errors.check_positive("stiffness", stiffness)
    if (constraint == "weight") != (budget is None):
        raise errors.UserError(
            "`budget` is the distortion that 'penalty' and "
            "'augmented_lagrangian' hold; 'weight' has none. Received: "
            f"constraint={constraint!r}, budget={budget!r}."
        )
    if budget is not None:
        errors.check_positive("budget", budget)
