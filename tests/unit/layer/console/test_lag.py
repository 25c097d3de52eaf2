"""Lag in buckets, and percentiles of their counts."""

from __future__ import annotations

import pytest

from fintegrate.console.lag import BUCKETS, EMPTY, added, bucket_of, percentile, percentile_ms


def test_fourteen_buckets_up_to_an_hour() -> None:
    assert len(BUCKETS) == 14
    assert list(BUCKETS) == sorted(set(BUCKETS))
    assert (BUCKETS[0], BUCKETS[-1]) == (0.005, 3_600)


@pytest.mark.parametrize("number", range(14))
def test_bound_belongs_to_its_bucket(number: int) -> None:
    assert bucket_of(BUCKETS[number]) == number
    assert bucket_of(BUCKETS[number] + 1e-6) == min(number + 1, 13)


def test_odd_lags_have_buckets() -> None:
    assert bucket_of(-3) == 0
    assert bucket_of(86_400) == 13


def test_unknown_counts_are_left_out() -> None:
    one = [1, *EMPTY[1:]]

    assert added([one, None, one]) == [2, *EMPTY[1:]]
    assert added([]) == list(EMPTY)


def test_percentile_of_nothing_is_unknown() -> None:
    assert percentile(None, 0.95) is None
    assert percentile(EMPTY, 0.95) is None
    assert percentile_ms(EMPTY) is None


def test_percentile_lies_within_its_bucket() -> None:
    counts = [0] * 14
    counts[2] = 90
    counts[9] = 10

    assert percentile(counts, 0.5) == pytest.approx(0.01 + 0.015 * 50 / 90)
    assert percentile(counts, 0.95) == pytest.approx(10.0)
    assert percentile_ms(counts, 1.0) == 15_000
