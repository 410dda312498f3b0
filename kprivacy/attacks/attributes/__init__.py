"""Attackers that infer an attribute, or whether two are one person."""

from kprivacy.attacks.attributes.inference import AttributeInference
from kprivacy.attacks.attributes.occlusion import occlusion_map
from kprivacy.attacks.attributes.results import (
    AttributeResult,
    AttributeResults,
)
from kprivacy.attacks.attributes.values import ValueInference, ValueResults
from kprivacy.attacks.attributes.verification import (
    Verification,
    VerificationResults,
)

__all__ = [
    "AttributeInference",
    "AttributeResult",
    "AttributeResults",
    "ValueInference",
    "ValueResults",
    "Verification",
    "VerificationResults",
    "occlusion_map",
]
