"""The binary source under Hamming distortion."""

import numpy as np

from kprivacy.errors import UserError, check_fraction
from kprivacy.theory.programs import checked_joint, map_accuracy


class BinaryHamming:
    """A private bit and a public bit; distortion is the share of flips.

    Args:
        joint: Array (2, 2) of probabilities, `joint[y, x]`.

    Example:

    >>> source = BinaryHamming.symmetric(p=0.5, q=0.75)
    >>> round(source.optimum(0.1), 6), round(source.optimum(0.1, False), 6)
    (0.65, 0.7)
    """

    def __init__(self, joint):
        self.joint = checked_joint(joint)
        if self.joint.shape != (2, 2):
            raise UserError(
                "`joint` must be an array (2, 2). "
                f"Received: shape {self.joint.shape}."
            )

    @classmethod
    def symmetric(cls, p, q):
        """Y = X xor Ber(1 - q), where P(X = 1) = p."""
        check_fraction("p", p)
        check_fraction("q", q)
        return cls([[(1 - p) * q, p * (1 - q)], [(1 - p) * (1 - q), p * q]])

    @property
    def blind(self):
        """Accuracy without a release: of the commoner private value."""
        return float(self.joint.sum(1).max())

    @property
    def undefended(self):
        """Accuracy when X itself is released."""
        return map_accuracy(self.joint)

    def optimum(self, distortion, sees_private=True):
        """Least accuracy of the MAP adversary, of all channels.

        A flip of mass d costs the adversary d where the channel knows Y, as
        it flips only what would be guessed right. Without Y the mass at x
        carries both values, and is worth their difference.

        Args:
            distortion: Budget, the share of flipped bits, in [0, 1].
            sees_private: Whether the channel sees Y beside X.

        Returns:
            A float in [`blind`, `undefended`].
        """
        check_fraction("distortion", distortion)
        worth = 1.0
        if not sees_private:
            guesses = self.joint.argmax(0)
            if guesses[0] == guesses[1]:
                return self.blind
            with np.errstate(divide="ignore", invalid="ignore"):
                share = np.abs(self.joint[0] - self.joint[1]) / (
                    self.joint.sum(0)
                )
            worth = float(np.nanmax(share))
        return max(self.blind, self.undefended - distortion * worth)
