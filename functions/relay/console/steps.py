"""The steps of an event's life at a destination, who held it, and what else is to be known of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from chalicelib.relay.console.lanes import Lane
from fintegrate.console.timeline import Passage, Step, durations, in_order
from fintegrate.database import Row

STEPS = (
    "accepted",
    "taken_in",
    "replayed",
    "paused",
    "throttled",
    "failing",
    "blocked",
    "attempt",
    "delivered",
    "failed",
    "expired",
    "skipped",
    "given_up",
)
"""In the order in which those of one time are shown."""
_AT_ONCE = timedelta(milliseconds=10)
"""What one statement writes at several places has several times."""
_HELD = {"waiting": "throttled", "failing": "failing", "blocked": "blocked"}
_GIVEN_UP = "given_up"
DELIVERED = "the receiver took it"
BEHIND = "made due again, behind what is new"


def steps_of(event: Row, lane: Lane, attempts: Sequence[Row]) -> list[Step]:
    """Every step in order."""
    steps = [
        *_of_intake(event),
        *_of_replay(event),
        *(_of_attempt(attempt) for attempt in attempts),
        *_of_lane(event, lane),
        *_of_end(event, attempts),
    ]
    return in_order(steps, STEPS)


def held_of(event: Row, lane: Lane, attempts: Sequence[Row]) -> dict[str, int | None]:
    """How long each side held it: with us until it was sent first, then with the receiver.

    Attempts are forgotten earlier than events: then nobody knows.
    """
    begun, sent = event["created_at"], _first_sent(attempts)
    held_from = _held_from(event, lane) if sent is None else None
    told = durations(
        Passage(
            begun, held_from, event["now"] if held_from else None, sent, sent, event["ended_at"]
        ),
        event["now"],
    )
    is_known = bool(attempts) or not event["attempt_count"]
    return {
        "ours_ms": told["ours_ms"] if is_known else None,
        "held_back_ms": told["held_back_ms"] if is_known else None,
        "queue_ms": None,
        "bank_ms": told["bank_ms"] if is_known else None,
        "total_ms": told["total_ms"],
    }


def facts_of(event: Row, lane: Lane, attempts: Sequence[Row]) -> list[dict[str, str]]:
    """What else is to be known of it; what is not known is left out."""
    last: Row = attempts[-1] if attempts else {}
    pending = event["status"] == "pending"
    found = {
        "HTTP status": last.get("http_status"),
        "Platform's code": last.get("platform_code"),
        "Milliseconds of the last request": last.get("duration_ms"),
        "Events in the last request": last.get("batch_size"),
        "Tries spent": event["try_count"],
        "Next try": _time(_next_try(event, lane)) if pending else None,
        "May have arrived": "yes"
        if event["maybe_delivered"] and event["status"] != "delivered"
        else None,
        "Deduplication id": event["dedup_id"],
        "Order": event["order_id"],
        "Happened at": _time(event["event_time"]),
        "Replay": event["replay_id"],
        "User data erased at": _time(event["erased_at"]),
    }
    return [
        {"name": name, "value": str(value)} for name, value in found.items() if value is not None
    ]


def _of_intake(event: Row) -> Iterator[Step]:
    begun, accepted, by = event["created_at"], event["accepted_at"], event["source_system"]
    if accepted is None or accepted - begun <= _AT_ONCE:
        yield _step(begun, "accepted", by, "accepted", f"accepted as number {event['event']}")
        return
    yield _step(begun, "accepted", by, "pending", f"inserted as number {event['event']}")
    yield _step(accepted, "taken_in", "relay_intake", "accepted", "taken in, with its destinations")


def _of_replay(event: Row) -> Iterator[Step]:
    """When a replay was made is in the row until its event is tried."""
    tried, due = event["last_attempt_at"], event["next_attempt_at"]
    is_untouched = event["lease_until"] is None and (tried is None or tried < due <= event["now"])
    if event["replay_id"] and event["status"] == "pending" and is_untouched:
        yield _step(due, "replayed", f"replay {event['replay_id']}", "pending", BEHIND)


def _of_attempt(attempt: Row) -> Step:
    code, size = attempt["http_status"], attempt["batch_size"]
    answer = "no answer" if code is None else f"HTTP {code}"
    batch = f", with {size - 1:,} others" if size > 1 else ""
    words = f": {attempt['message']}" if attempt["message"] else ""
    said = f"{answer}, {attempt['duration_ms']} ms{batch}{words}"
    return _step(attempt["created_at"], "attempt", "relay_deliver", attempt["status"], said)


def _of_lane(event: Row, lane: Lane) -> Iterator[Step]:
    """What holds it back now."""
    since = _held_from(event, lane)
    if since is None:
        return
    stopped = lane.paused or not lane.is_active
    name = "paused" if stopped else _HELD[lane.state]
    until = f", next try at {lane.next_try_at.isoformat()}" if lane.next_try_at else ""
    yield _step(
        since, name, "admin" if stopped else "receiver", "waiting", f"{lane.held_because}{until}"
    )


def _of_end(event: Row, attempts: Sequence[Row]) -> Iterator[Step]:
    status, reason = event["status"], event["reason"]
    if status == "pending" or event["ended_at"] is None:
        return
    at = _end(event, attempts)
    if status == "delivered":
        yield _step(at, status, "receiver", status, DELIVERED)
    elif reason == _GIVEN_UP:
        yield _step(at, _GIVEN_UP, "admin", status, reason)
    else:
        by = "receiver" if status == "failed" else "relay_deliver"
        yield _step(at, status, by, status, reason)


def _end(event: Row, attempts: Sequence[Row]) -> datetime:
    """When it ended: not before the attempt that ended it, which is written in the same statement."""
    ended: datetime = event["ended_at"]
    last: datetime = attempts[-1]["created_at"] if attempts else ended
    return last if ended <= last <= ended + _AT_ONCE else ended


def _held_from(event: Row, lane: Lane) -> datetime | None:
    """Since when it has waited for its lane to open; None if it does not."""
    if lane.state_of(event["status"]) != "held_back":
        return None
    begun: datetime = event["created_at"]
    return begun if lane.paused or not lane.is_active else max(lane.since, begun)


def _first_sent(attempts: Sequence[Row]) -> datetime | None:
    if not attempts:
        return None
    first = attempts[0]
    sent: datetime = first["created_at"] - timedelta(milliseconds=first["duration_ms"])
    return sent


def _next_try(event: Row, lane: Lane) -> datetime | None:
    if not lane.is_open:
        return lane.next_try_at
    due: datetime = event["next_attempt_at"]
    return due if due > event["now"] else None


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="milliseconds")


def _step(at: datetime, step: str, by: str | None, outcome: str, words: str | None) -> Step:
    return {"at": at, "step": step, "by": by, "outcome": outcome, "words": words or step}
