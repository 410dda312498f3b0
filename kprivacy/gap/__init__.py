"""GAP: data of the same kind, one attribute erased."""

from kprivacy.gap.adversary import build_adversary
from kprivacy.gap.client import build_client
from kprivacy.gap.model import GAP
from kprivacy.gap.rounds import rounds
from kprivacy.gap.server import build_server

__all__ = ["GAP", "build_adversary", "build_client", "build_server", "rounds"]
