"""The parts of the overview that are made of figures: the streams' rows, the pipeline, the last hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.banking.overview.history import History
from chalicelib.banking.overview.live import Live
from chalicelib.banking.overview.minutes import MINUTE
from fintegrate.console.ages import whole
from fintegrate.console.attention import Finding, in_short, rank, worst
from fintegrate.console.flows import nothing, per_minute
from fintegrate.database import Row

_SHOWN = (
    "name",
    "status",
    "webhook_state",
    "pending",
    "held_back",
    "received",
    "publish_failed",
    "delivery_failed",
    "dead_letters",
    "queue_depth",
    "readers",
    "observed_at",
    "key_expires_at",
)
_WAITING = ("pending", "undelivered", "received", "publish_failed", "failed_there")


def streams(
    rows: Sequence[Row],
    found: Mapping[str, Sequence[Finding]],
    past: History,
    live: Live,
    now: datetime,
) -> list[dict[str, Any]]:
    """The streams, the worst first."""
    shown = []
    for row in rows:
        stream = str(row["consumer_id"])
        mine = live.by_minute.get(stream, {})
        told = past.streams.get(stream) or {}
        shown.append(_stream(row, worst(found[stream]), told, mine, last_hour(now), live.begin_at))
    by_name = {row["name"]: sum(row[kind] for kind in _WAITING) for row in rows}
    return sorted(
        shown, key=lambda each: (rank(each["level"]), -by_name[each["name"]], each["name"])
    )


def last_hour(now: datetime) -> list[datetime]:
    """The minutes of the last hour, this one included."""
    this = now.replace(second=0, microsecond=0)
    return [this - MINUTE * back for back in range(59, -1, -1)]


def points(past: History, live: Live, stream: str, now: datetime) -> list[dict[str, Any]]:
    """What happened in each minute of the last hour; None where nobody has counted."""
    counted = {row["minute"]: row for row in past.minutes if row["committed"] is not None}
    return per_minute(last_hour(now), lambda minute: _flow(counted, live, stream, minute))


def pipeline(
    rows: Sequence[Row], points: Sequence[Row], last_minute: Mapping[str, int]
) -> dict[str, Any]:
    """Where events wait, and how many pass between."""

    def passed(kind: str) -> dict[str, Any]:
        counts = [point[kind] for point in points if point[kind] is not None]
        return {
            "last_minute": last_minute.get(kind, 0),
            "last_hour": sum(counts) if counts else None,
        }

    def waiting(count: str, kind: str) -> dict[str, Any]:
        ages = [row[f"oldest_{kind}_seconds"] for row in rows]
        oldest = max((age for age in ages if age is not None), default=None)
        total = sum(row[count] for row in rows)
        return {"count": total, "oldest_seconds": whole(oldest)}

    failed = ("publish_failed", "delivery_failed", "dead_letters", "unmatched")
    return {
        "committed": passed("committed"),
        "outbox": waiting("pending", "pending"),
        "held_back": waiting("held_back", "held_back"),
        "published": passed("published"),
        "queue": waiting("undelivered", "undelivered"),
        "bank": waiting("received", "received"),
        "processed": passed("processed"),
        "failed": {kind: sum(row[kind] for row in rows) for kind in failed},
    }


def _flow(counted: Mapping[datetime, Row], live: Live, stream: str, minute: datetime) -> Row | None:
    if minute >= live.begin_at:
        return live.by_minute.get(stream, {}).get(minute) or nothing()
    return counted.get(minute)


def _stream(
    row: Row,
    most: Finding | None,
    past: Row,
    live: Mapping[datetime, Row],
    hour: Sequence[datetime],
    live_from: datetime,
) -> dict[str, Any]:
    lag = row["lag_p95_seconds"]
    known = dict(zip(past.get("minutes") or (), past.get("processed_each") or (), strict=True))
    for minute in hour:
        if minute >= live_from:
            known[minute] = live[minute]["processed"] if minute in live else 0
    return {
        "stream": str(row["consumer_id"]),
        "consumer_id": str(row["consumer_id"]),
        "level": most.condition.level if most else "ok",
        "side": most.condition.side if most else None,
        "sentence": in_short(most) if most else _calm(row, past),
        **{name: row[name] for name in _SHOWN},
        "in_queue": row["undelivered"],
        "lag_p95_ms": None if lag is None else round(lag * 1_000),
        "committed_24h": _of_day("committed", past, live),
        "processed_24h": _of_day("processed", past, live),
        "spark": [known.get(minute) for minute in hour],
    }


def _of_day(kind: str, past: Row, live: Mapping[datetime, Row]) -> int | None:
    counted: int | None = past.get(f"{kind}_24h")
    fresh = sum(flow[kind] for flow in live.values())
    return None if counted is None and not live else int(counted or 0) + fresh


def _calm(row: Row, past: Row) -> str:
    if row["status"] != "active":
        return "Deactivated"
    if row["undelivered"]:
        return "Events are on their way"
    return "Keeping up" if past.get("committed_24h") else "No event in 24 hours"
