"""Median and 99th percentile, also of few values."""

from __future__ import annotations

import pytest

from local.bench.percentiles import p50_p99


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], (0, 0)), ([7], (7, 7)), ([3, 1, 2], (2, 2.98)), (list(range(101)), (50, 99))],
)
def test_figures_of_few_values(values: list[float], expected: tuple[float, float]) -> None:
    assert p50_p99(values) == pytest.approx(expected)
