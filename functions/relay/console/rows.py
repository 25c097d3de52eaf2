"""The parts of the first screen that are made of figures: the lanes, the pipeline, the last hour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chalicelib.relay.console.figures import LaneNow
from chalicelib.relay.console.minutes import LastHour
from fintegrate.console.ages import seconds_since, whole
from fintegrate.console.attention import in_short, rank, worst
from fintegrate.database import Row

_NOT_HERE = dict.fromkeys(("in_queue", "queue_depth", "readers", "publish_failed"))
"""What other systems have and the relay has not."""


def streams(
    lanes: Sequence[LaneNow], hour: LastHour, lags: Mapping[int, int]
) -> list[dict[str, Any]]:
    """The lanes, the worst first, then those with the most that waits."""
    shown = [_stream(each, hour, lags) for each in lanes]
    return sorted(
        shown, key=lambda row: (_rank(row["level"]), -row["pending"], row["name"], row["stream"])
    )


def points(lanes: Sequence[LaneNow], hour: LastHour) -> list[dict[str, Any]]:
    """What happened in each minute of the last hour; None where nobody has counted."""
    numbers = [each.lane.lane_id for each in lanes]
    flows = zip(hour.minutes, hour.of_all(numbers), strict=True)
    return [{"at": minute, **flow._asdict()} for minute, flow in flows]


def pipeline(
    lanes: Sequence[LaneNow], intake: Row | None, points: Sequence[Row], hour: LastHour
) -> dict[str, Any]:
    """Where events wait, and how many pass between.

    With us waits what was not taken in, and what an open lane has not tried. The rest waits for its
    receiver: in a lane that is not open, or for its next try. `intake` is None for one lane alone.
    """
    recent = hour.recent([each.lane.lane_id for each in lanes])
    ours = [_place(each, "untried") for each in lanes if each.lane.is_open]
    if intake is not None:
        age = seconds_since(intake["oldest_intake_at"], intake["at"])
        ours.append((intake["intake"], age))
    closed = [_place(each, "pending") for each in lanes if not each.lane.is_open]
    again = [_tried(each) for each in lanes if each.lane.is_open]
    failed = sum(each.figures["failed_there"] for each in lanes)
    expired = sum(each.figures["expired"] for each in lanes)
    return {
        "committed": {"last_minute": recent.committed, "last_hour": _sum(points, "committed")},
        "outbox": _waiting(ours),
        "held_back": _waiting(closed),
        "published": None,
        "queue": None,
        "received": None,
        "bank": _waiting([*closed, *again]),
        "processed": {"last_minute": recent.processed, "last_hour": _sum(points, "processed")},
        "failed": {
            "publish_failed": None,
            "delivery_failed": failed - expired,
            "dead_letters": expired,
        },
    }


def _rank(level: str) -> int:
    return rank("ok") if level == "info" else rank(level)


def _stream(each: LaneNow, hour: LastHour, lags: Mapping[int, int]) -> dict[str, Any]:
    lane, figures, most = each.lane, each.figures, worst(each.findings)
    spark = hour.of_lane(lane.lane_id)
    held = 0 if lane.is_open else figures["pending"]
    level, sentence = (most.condition.level, in_short(most)) if most else _calm(each, spark)
    return {
        "stream": str(lane.lane_id),
        "name": lane.name,
        "status": "active" if lane.is_active else "deactivated",
        "level": level,
        "side": most.condition.side if most else None,
        "sentence": sentence,
        "pending": figures["pending"],
        "held_back": held,
        "lag_p95_ms": lags.get(lane.lane_id),
        "delivery_failed": figures["failed_there"] - figures["expired"],
        "dead_letters": figures["expired"],
        "oldest_pending_seconds": whole(figures["oldest_pending_seconds"]),
        "oldest_held_back_seconds": whole(figures["oldest_pending_seconds"]) if held else None,
        "oldest_failed_seconds": whole(figures["oldest_failed_seconds"]),
        "spark": spark,
        "state": "paused" if lane.paused else lane.state,
        "reason": lane.reason,
        "since": lane.since,
        "next_try_at": lane.next_try_at,
        **_NOT_HERE,
    }


def _calm(each: LaneNow, spark: Sequence[int | None]) -> tuple[str, str]:
    lane = each.lane
    if not lane.is_active:
        return "ok", "Switched off"
    if lane.paused:
        return "info", "Paused by an admin"
    if not lane.is_open:
        return "info", f"Waits as its receiver asked: {lane.reason or lane.state}"
    if each.figures["pending"]:
        return "ok", "Events are on their way"
    return "ok", "Keeping up" if any(spark) else "No event in the last hour"


def _place(each: LaneNow, kind: str) -> tuple[int, float | None]:
    return each.figures[kind], each.figures[f"oldest_{kind}_seconds"]


def _tried(each: LaneNow) -> tuple[int, float | None]:
    figures = each.figures
    return figures["pending"] - figures["untried"], figures["oldest_tried_seconds"]


def _waiting(places: Iterable[tuple[int, float | None]]) -> dict[str, int | None]:
    places = list(places)
    oldest = max((age for count, age in places if count and age is not None), default=None)
    return {"count": sum(count for count, _ in places), "oldest_seconds": whole(oldest)}


def _sum(points: Sequence[Row], kind: str) -> int | None:
    counts = [point[kind] for point in points]
    return None if None in counts else sum(counts)
