"""What the papers compare with; each is a release."""

from kprivacy.baselines.noisy import Laplace

__all__ = ["Laplace"]
