"""Flows: what happened to a system's streams, minute by minute, made of counts by kind and lag.

Leaves to the systems where the counts come from and where they are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from fintegrate.console.lag import EMPTY
from fintegrate.database import Row

EVERYTHING = "00000000-0000-0000-0000-000000000000"
"""The stream of all streams together."""
KINDS = ("committed", "published", "received", "processed", "failed", "redelivered")
LAGS = {"published": "publish_lag", "processed": "process_lag"}
"""The kinds whose counts are by lag, and the column of the buckets."""
Flows = dict[str, dict[datetime, Row]]
"""What happened, by stream and minute."""


def by_minute(counts: Iterable[Row]) -> Flows:
    """Counts by stream and minute, with those of all streams under `EVERYTHING`.

    `counts` are rows of `consumer_id`, `what`, `at`, `bucket` and `events`.
    """
    found: Flows = {}
    for count in counts:
        minute = count["at"].replace(second=0, microsecond=0)
        for stream in (str(count["consumer_id"]), EVERYTHING):
            row = found.setdefault(stream, {}).setdefault(minute, nothing())
            what, events = count["what"], int(count["events"])
            row[what] += events
            if what in LAGS:
                row[LAGS[what]][count["bucket"]] += events
    return found


def nothing() -> Row:
    """A minute in which nothing happened."""
    return {**dict.fromkeys(KINDS, 0), **{column: list(EMPTY) for column in LAGS.values()}}


def per_minute(
    minutes: Iterable[datetime], known: Callable[[datetime], Row | None]
) -> list[dict[str, Any]]:
    """A point for each minute; what is not known is None."""
    return [
        {"at": minute, **{kind: row[kind] if row else None for kind in KINDS}}
        for minute in minutes
        for row in (known(minute),)
    ]
