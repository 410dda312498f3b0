"""Fresh attackers on any release; what they find comes back as data."""

from kprivacy.attacks.reconstruction import Reconstruction
from kprivacy.attacks.results import AttackResult, ReconstructionResults

__all__ = ["AttackResult", "Reconstruction", "ReconstructionResults"]
