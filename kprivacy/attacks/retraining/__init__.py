"""Unauthorised training on published pictures."""

from kprivacy.attacks.retraining.attack import Retraining, mixed
from kprivacy.attacks.retraining.purifier import purified
from kprivacy.attacks.retraining.results import RetrainingResult

__all__ = ["Retraining", "RetrainingResult", "mixed", "purified"]
