"""Fresh attackers on any release; what they find comes back as data."""

from kprivacy.attacks.attributes import (
    AttributeInference,
    AttributeResults,
    ValueInference,
    ValueResults,
    Verification,
    VerificationResults,
    occlusion_map,
)
from kprivacy.attacks.audit import Audit, AuditReport, data_sweep
from kprivacy.attacks.reconstruction import (
    AttackResult,
    Reconstruction,
    ReconstructionResults,
)
from kprivacy.attacks.retraining import (
    GradientNorms,
    Retraining,
    RetrainingResult,
    RetrainingResults,
    gradient_norms,
    mixed,
    noise_alone,
    purified,
    repeated_retraining,
    without_noise,
)

__all__ = [
    "AttackResult",
    "AttributeInference",
    "AttributeResults",
    "Audit",
    "AuditReport",
    "GradientNorms",
    "Reconstruction",
    "ReconstructionResults",
    "Retraining",
    "RetrainingResult",
    "RetrainingResults",
    "ValueInference",
    "ValueResults",
    "Verification",
    "VerificationResults",
    "data_sweep",
    "gradient_norms",
    "mixed",
    "noise_alone",
    "occlusion_map",
    "purified",
    "repeated_retraining",
    "without_noise",
]
