"""Data sets by name, divided between defender, attacker and test."""

from kprivacy.data.errors import DataError
from kprivacy.data.loading import PARTS, Arrays, arrays, load, parse_split

__all__ = ["Arrays", "DataError", "PARTS", "arrays", "load", "parse_split"]
