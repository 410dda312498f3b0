"""All attacks on one release, and the report of what they found."""

from kprivacy.attacks.audit.audit import (
    PICTURES,
    Audit,
    Undefended,
    data_range,
    prior,
)
from kprivacy.attacks.audit.report import AuditReport
from kprivacy.attacks.audit.sweep import SweepResults, data_sweep

__all__ = [
    "PICTURES",
    "Audit",
    "AuditReport",
    "SweepResults",
    "Undefended",
    "data_range",
    "data_sweep",
    "prior",
]
