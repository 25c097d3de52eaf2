"""The broken promise of a finding. The value is its name in the report."""

from __future__ import annotations

from enum import Enum


class Kind(Enum):
    """What a finding says."""

    LOST = "lost"
    DOUBLED = "doubled"
    DISORDERED = "disordered"
    SHOWN = "shown"
    CONTRADICTION = "contradictions"
    UNSETTLED = "unsettled"
