"""Unauthorised training on published pictures."""

from kprivacy.attacks.retraining.attack import Retraining, mixed
from kprivacy.attacks.retraining.gradients import (
    GradientNorms,
    gradient_norms,
)
from kprivacy.attacks.retraining.knowing import noise_alone, without_noise
from kprivacy.attacks.retraining.purifier import purified
from kprivacy.attacks.retraining.results import (
    RetrainingResult,
    RetrainingResults,
)
from kprivacy.attacks.retraining.seeds import repeated_retraining

__all__ = ["GradientNorms", "Retraining", "RetrainingResult",
           "RetrainingResults", "gradient_norms", "mixed", "noise_alone",
           "purified", "repeated_retraining", "without_noise"]
