"""Fresh attackers on any release; what they find comes back as data."""

from kprivacy.attacks.attribute_inference import AttributeInference
from kprivacy.attacks.attribute_results import (
    AttributeResult,
    AttributeResults,
)
from kprivacy.attacks.audit import Audit
from kprivacy.attacks.audit_report import AuditReport
from kprivacy.attacks.reconstruction import Reconstruction
from kprivacy.attacks.results import AttackResult, ReconstructionResults
from kprivacy.attacks.sweep import data_sweep
from kprivacy.attacks.verification import Verification

__all__ = [
    "AttackResult",
    "AttributeInference",
    "AttributeResult",
    "AttributeResults",
    "Audit",
    "AuditReport",
    "Reconstruction",
    "ReconstructionResults",
    "Verification",
    "data_sweep",
]
