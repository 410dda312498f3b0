"""RAN: features that classify well and cannot be inverted."""

from kprivacy.ran.adversary import build_adversary
from kprivacy.ran.client import build_client
from kprivacy.ran.model import RAN
from kprivacy.ran.server import build_server

__all__ = ["RAN", "build_adversary", "build_client", "build_server"]
