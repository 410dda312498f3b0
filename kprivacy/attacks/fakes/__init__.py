"""How well fakes come back, how real they look, and what they tell."""

from kprivacy.attacks.fakes import distortions
from kprivacy.attacks.fakes.classifier import Classifier, train_classifier
from kprivacy.attacks.fakes.detector import Detector, DetectorResult
from kprivacy.attacks.fakes.known_pairs import known_pairs
from kprivacy.attacks.fakes.realism import (
    RealismResult,
    frechet_distance,
    realism,
)
from kprivacy.attacks.fakes.recovery import Recovery, RecoveryResult
from kprivacy.attacks.fakes.secrecy import (
    SecrecyResult,
    other_server,
    probe,
    wrong_key,
)

__all__ = [
    "Classifier",
    "Detector",
    "DetectorResult",
    "RealismResult",
    "Recovery",
    "RecoveryResult",
    "SecrecyResult",
    "distortions",
    "frechet_distance",
    "known_pairs",
    "other_server",
    "probe",
    "realism",
    "train_classifier",
    "wrong_key",
]
