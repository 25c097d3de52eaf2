"""Bars: what holds, and what is shown of them."""

from __future__ import annotations

import pytest

from local.bench.figures import Bar


@pytest.mark.parametrize(
    ("bar", "words", "held", "missed"),
    [
        (Bar(at_most=1.5), "≤ 1.5", 1.5, 1.6),
        (Bar(at_least=10_000), "≥ 10,000", 10_000, 9_999),
        (Bar(at_least=20, at_most=22), "≥ 20, ≤ 22", 21, 23),
    ],
)
def test_bar_says_its_limits(bar: Bar, words: str, held: float, missed: float) -> None:
    assert str(bar) == words
    assert bar.holds(held)
    assert not bar.holds(missed)
