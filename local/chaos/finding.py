"""What a rule of the ledger finds: a broken promise, with the evidence named."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a finding says is broken; the value is its name in the report."""

    LOST = "lost"
    OUT_OF_ORDER = "out_of_order"
    APPLIED_TWICE = "applied_twice"
    CROSS_TENANT = "cross_tenant"
    CONTRADICTION = "contradictions"
    UNSETTLED = "unsettled"
    TOO_MANY_DUPLICATES = "too_many_duplicates"


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise."""

    kind: Kind
    tenant: str
    words: str
