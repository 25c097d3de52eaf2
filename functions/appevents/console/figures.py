"""The streams' rows on the first screen, the conditions that they meet, and where events wait."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.appevents.console.conditions import CONDITIONS
from chalicelib.appevents.console.history import Flow
from chalicelib.appevents.console.queues_seen import Queue, QueuesSeen
from chalicelib.appevents.console.streams import OUTCOMES, UPLOADS
from chalicelib.appevents.console.waiting import earlier
from fintegrate.console.ages import seconds_since, whole
from fintegrate.console.attention import Finding, in_short, rank, worst
from fintegrate.database import Row


class _Facts(NamedTuple):
    """The columns of a stream's row that a condition's sentence speaks of."""

    number: str
    since: str


_OF_STREAM = {
    "queue_without_reader": _Facts("queue_depth", "oldest_in_queue_at"),
    "unsettled_too_long": _Facts("unsettled", "oldest_unsettled_at"),
    "pending_too_long": _Facts("pending", "oldest_pending_at"),
    "uploads_too_long": _Facts("in_queue", "oldest_in_queue_at"),
    "dead_letters": _Facts("dead_letters", "oldest_letter_at"),
}
"""In the order in which they say most about a stream."""


def completed(
    found: Mapping[str, Row], seen: QueuesSeen, lags: Mapping[str, int | None], now: datetime
) -> list[Row]:
    """The rows of all streams, with what the conditions compare."""
    return [
        _completed(name, row, seen.get(name, Queue()), lags.get(name), now)
        for name, row in found.items()
    ]


def findings(row: Row) -> Iterator[Finding]:
    """The conditions that a stream meets, in the order of their weight."""
    for name, facts in _OF_STREAM.items():
        condition = CONDITIONS[name]
        if condition.is_met(row[condition.figure]):
            since = row[facts.since]
            age = seconds_since(since, row["at"])
            yield Finding(condition, row["name"], row["name"], row[facts.number], age, since)


def streams(
    rows: Sequence[Row], found: Mapping[str, Sequence[Finding]], flow: Flow
) -> list[dict[str, Any]]:
    """The streams, the worst first."""
    shown = [_stream(row, worst(found[row["name"]]), flow) for row in rows]
    waiting = {row["name"]: row["unsettled"] + row["dead_letters"] for row in rows}
    return sorted(
        shown, key=lambda each: (rank(each["level"]), -waiting[each["name"]], each["name"])
    )


def pipeline(
    rows: Sequence[Row], points: Sequence[Row], flow: Flow, stream: str | None
) -> dict[str, Any]:
    """Where events wait, and how many pass between. What this system has not is null."""

    def passed(kind: str) -> dict[str, Any]:
        counts = [point[kind] for point in points]
        hour = None if None in counts else sum(counts)
        return {"last_minute": flow.last_minute(kind, stream), "last_hour": hour}

    return {
        "committed": passed("committed"),
        "outbox": _waiting(rows, "pending", "oldest_pending_at"),
        "held_back": None,
        "published": None,
        "queue": _waiting(rows, "in_queue", "oldest_in_queue_at"),
        "received": None,
        "bank": None,
        "processed": passed("processed"),
        "failed": {
            "publish_failed": None,
            "delivery_failed": _sum(rows, "rejected"),
            "dead_letters": _sum(rows, "dead_letters"),
        },
    }


def _completed(name: str, row: Row, queue: Queue, lag: int | None, now: datetime) -> Row:
    oldest = earlier(row["oldest_pending_at"], row["oldest_in_queue_at"])
    is_of_uploads = name == UPLOADS
    unread = None if queue.ready is None or queue.readers is None else queue.ready
    return {
        **row,
        "name": name,
        "at": now,
        "dead_letters": row["dead_letters"] + (queue.dead or 0),
        "queue_depth": queue.ready,
        "readers": queue.readers,
        "unread": 0 if queue.readers else unread,
        "lag_p95_ms": lag,
        "unsettled": row["pending"] + (row["in_queue"] or 0),
        "oldest_unsettled_at": oldest,
        "oldest_pending_seconds": seconds_since(row["oldest_pending_at"], now),
        "oldest_unsettled_seconds": None if is_of_uploads else seconds_since(oldest, now),
        "oldest_upload_seconds": seconds_since(oldest, now) if is_of_uploads else None,
    }


def _stream(row: Row, most: Finding | None, flow: Flow) -> dict[str, Any]:
    now, name = row["at"], row["name"]
    return {
        "stream": name,
        "name": name,
        "status": "active",
        "level": most.condition.level if most else "ok",
        "side": most.condition.side if most else None,
        "sentence": in_short(most) if most else _calm(row),
        "pending": row["pending"],
        "held_back": None,
        "in_queue": row["in_queue"],
        "queue_depth": row["queue_depth"],
        "readers": row["readers"],
        "lag_p95_ms": row["lag_p95_ms"],
        "publish_failed": None,
        "delivery_failed": row["rejected"],
        "dead_letters": row["dead_letters"],
        "oldest_pending_seconds": whole(row["oldest_pending_seconds"]),
        "oldest_held_back_seconds": None,
        "oldest_failed_seconds": whole(seconds_since(row["oldest_letter_at"], now)),
        "spark": row["spark"] if "spark" in row else flow.spark(now, name),
    }


def _calm(row: Row) -> str:
    if row["in_queue"] is None:
        return "Unknown: its database is away"
    if row["unsettled"] or row["queue_depth"]:
        return "Events are on their way"
    if row["name"] == OUTCOMES:
        return "Every outcome is written down"
    return "Nothing waits"


def _waiting(rows: Sequence[Row], count: str, since: str) -> dict[str, Any]:
    oldest = None
    for row in rows:
        oldest = earlier(oldest, row[since])
    age = seconds_since(oldest, rows[0]["at"])
    return {"count": _sum(rows, count), "oldest_seconds": whole(age)}


def _sum(rows: Sequence[Row], name: str) -> int:
    return sum(row[name] or 0 for row in rows)
