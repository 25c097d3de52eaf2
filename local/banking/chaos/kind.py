"""The promises that a run can find broken."""

from __future__ import annotations

from enum import Enum


class Kind(Enum):
    """The broken promise of a finding. The value is its name in the report."""

    LOST = "lost"
    OUT_OF_ORDER = "out_of_order"
    APPLIED_TWICE = "applied_twice"
    CROSS_TENANT = "cross_tenant"
    CONTRADICTION = "contradictions"
    UNSETTLED = "unsettled"
    TOO_MANY_DUPLICATES = "too_many_duplicates"
