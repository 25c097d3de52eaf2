"""Median, 95th and 99th percentile of measured times."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import quantiles


def p50_p99(values: Sequence[float]) -> tuple[float, float]:
    """Both figures; zeros when nothing was measured."""
    return _percentiles(values, 99)


def p50_p95(values: Sequence[float]) -> tuple[float, float]:
    """As `p50_p99`."""
    return _percentiles(values, 95)


def _percentiles(values: Sequence[float], high: int) -> tuple[float, float]:
    if len(values) < 2:
        only = values[0] if values else 0.0
        return only, only
    hundredths = quantiles(values, n=100, method="inclusive")
    return hundredths[49], hundredths[high - 1]
