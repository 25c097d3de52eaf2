"""Lag: the one list of buckets, for histograms and the history of streams; percentiles of counts.

Counts of buckets add up over minutes, streams and processes; percentiles do not.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0)
"""The upper bounds of 14 buckets in seconds. The last one also has what is longer."""
EMPTY = (0,) * len(BUCKETS)


def bucket_of(seconds: float) -> int:
    """The index of the bucket that a lag belongs to. A clock set back gives the first one."""
    return min(bisect_left(BUCKETS, seconds), len(BUCKETS) - 1)


def added(counts: Iterable[Sequence[int] | None]) -> list[int]:
    """The sum of several counts; unknown ones are left out."""
    known = [each for each in counts if each]
    return [sum(column) for column in zip(*known, strict=True)] if known else list(EMPTY)


def percentile(counts: Sequence[int] | None, share: float) -> float | None:
    """The seconds that this share of lags does not exceed, by a straight line within its bucket.

    None if nothing was counted. What lies in the last bucket counts as its bound.
    """
    total = sum(counts or ())
    if not counts or total == 0:
        return None
    rank, below = share * total, 0
    for number, count in enumerate(counts):
        if count and below + count >= rank:
            least = BUCKETS[number - 1] if number else 0.0
            return least + (BUCKETS[number] - least) * (rank - below) / count
        below += count
    return BUCKETS[-1]


def percentile_ms(counts: Sequence[int] | None, share: float = 0.95) -> int | None:
    """The same in whole milliseconds."""
    seconds = percentile(counts, share)
    return None if seconds is None else round(seconds * 1_000)
