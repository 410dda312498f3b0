"""Data sets by name, divided between defender, attacker and test."""

from kprivacy.data.division import PARTS, parse_split
from kprivacy.data.errors import DataError
from kprivacy.data.loading import Arrays, arrays, join, load
from kprivacy.data.tfds_builder import prepare

__all__ = [
    "Arrays",
    "DataError",
    "PARTS",
    "arrays",
    "join",
    "load",
    "parse_split",
    "prepare",
]
