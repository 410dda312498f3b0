"""Attackers that turn what is sent back into the data."""

from kprivacy.attacks.reconstruction.attack import Reconstruction
from kprivacy.attacks.reconstruction.results import (
    AttackResult,
    ReconstructionResults,
)

__all__ = ["AttackResult", "Reconstruction", "ReconstructionResults"]
