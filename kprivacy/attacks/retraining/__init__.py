"""Unauthorised training on published pictures."""

from kprivacy.attacks.retraining.attack import Retraining, mixed
from kprivacy.attacks.retraining.gradients import (
    GradientNorms,
    gradient_norms,
)
from kprivacy.attacks.retraining.purifier import purified
from kprivacy.attacks.retraining.results import RetrainingResult

__all__ = ["GradientNorms", "Retraining", "RetrainingResult",
           "gradient_norms", "mixed", "purified"]
