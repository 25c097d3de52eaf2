"""Median and 99th percentile of measured times."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import quantiles


def p50_p99(values: Sequence[float]) -> tuple[float, float]:
    """Both figures; zeros when nothing was measured."""
    if len(values) < 2:
        only = values[0] if values else 0.0
        return only, only
    hundredths = quantiles(values, n=100, method="inclusive")
    return hundredths[49], hundredths[98]
