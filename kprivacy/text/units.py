"""Standard units: every dimension with mean 0 and standard deviation 1."""

import dataclasses

import numpy as np

from kprivacy.errors import UserError

# Below this a dimension is constant up to rounding, and only shifted.
_LEAST = 1e-6


@dataclasses.dataclass(frozen=True, eq=False)
class StandardUnits:
    """The scale of vectors, to go to standard units and back.

    Args:
        mean: Mean of each dimension, float32, any shape.
        deviation: Standard deviation of each, of that shape, above 0.
    """

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, vectors):
        """The units in which `vectors`, examples first, are standard.

        Raises:
            UserError: There are none, or one is not finite.
        """
        vectors = np.asarray(vectors, np.float64)
        if not len(vectors) or not np.isfinite(vectors).all():
            raise UserError(
                "`vectors` must be at least one example of finite numbers. "
                f"Received: shape {vectors.shape}."
            )
        deviation = vectors.std(axis=0)
        deviation = np.where(deviation > _LEAST, deviation, 1.0)
        mean = vectors.mean(axis=0)
        return cls(mean.astype(np.float32), deviation.astype(np.float32))

    def standardize(self, vectors):
        """Vectors in standard units, float32."""
        vectors = np.asarray(vectors, np.float32)
        return (vectors - self.mean) / self.deviation

    def restore(self, vectors):
        """Vectors in their own units, float32."""
        return np.asarray(vectors, np.float32) * self.deviation + self.mean

    def to_json(self):
        """Plain data for `kprivacy.files.write_json`."""
        return {
            "mean": self.mean.tolist(), "deviation": self.deviation.tolist()
        }

    @classmethod
    def from_json(cls, found):
        """What `to_json` gave.

        Raises:
            UserError: It is something else.
        """
        try:
            mean, deviation = (
                np.asarray(found[key], np.float32)
                for key in ("mean", "deviation")
            )
            good = mean.shape == deviation.shape and np.isfinite(mean).all()
            good = good and (deviation > 0).all()
        except (KeyError, TypeError, ValueError):
            good = False
        if not good:
            raise UserError(
                "Standard units are 'mean' and 'deviation', lists of numbers "
                "of one shape, deviations above 0. Received something else: "
                "take what `StandardUnits.to_json` gave."
            )
        return cls(mean, deviation)
