"""FakeSafe: a message as a realistic fake that only the receiver turns back.
"""

from kprivacy.fakesafe.adversary import build_adversary
from kprivacy.fakesafe.cascade import Cascade
from kprivacy.fakesafe.client import build_client
from kprivacy.fakesafe.model import FakeSafe
from kprivacy.fakesafe.pairing import pairs
from kprivacy.fakesafe.server import build_server

__all__ = [
    "Cascade",
    "FakeSafe",
    "build_adversary",
    "build_client",
    "build_server",
    "pairs",
]
