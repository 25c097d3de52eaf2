"""The steps of an event's life and of an upload's, made from their rows, and facts beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from chalicelib.appevents.events.fields import is_sealed
from fintegrate.console.timeline import Passage, Step, durations, in_order
from fintegrate.database import Row

STEPS = (
    "accepted",
    "presigned",
    "published",
    "uploaded",
    "delivered",
    "processed",
    "rejected",
    "failed",
    "expired",
    "dead_lettered",
    "redriven",
)
"""In the order in which those of one time are shown."""


def steps_of(event: Row, letters: list[Row], acted: Row | None, service: str) -> list[Step]:
    """Every step of an event in order; `acted` is what its service has noted of it."""
    steps = [*_of_event(event, acted, service), *(s for each in letters for s in _of_letter(each))]
    return in_order(steps, STEPS)


def held(event: Row) -> dict[str, Any]:
    """Who held an event for how long: we until it was published, then its queue and its function."""
    passage = Passage(event["created_at"], sent=event["published_at"], ended=event["outcome_at"])
    return {**durations(passage, event["now"]), "held_back_ms": None, "bank_ms": None}


def upload_steps(upload: Row) -> list[Step]:
    """Every step of an upload in order."""
    return in_order(_of_upload(upload), STEPS)


def upload_held(upload: Row) -> dict[str, Any]:
    """How long an upload was in our queue and being processed. Before, its user held it."""
    sent, end = upload["uploaded_at"], upload["settled_at"] or upload["now"]
    whole = unknown(upload["created_at"], end)
    return whole if sent is None else {**whole, "queue_ms": unknown(sent, end)["total_ms"]}


def unknown(begun: datetime, end: datetime) -> dict[str, Any]:
    """A time of which nobody knows who held the event."""
    total = durations(Passage(begun, ended=end), end)["total_ms"]
    return {**dict.fromkeys(("ours_ms", "held_back_ms", "queue_ms", "bank_ms")), "total_ms": total}


def letter_steps(letter: Row) -> list[Step]:
    """Every step of a dead letter in order."""
    return in_order(_of_letter(letter), STEPS)


def facts_of(event: Row, letters: list[Row]) -> dict[str, object]:
    """What else is known of an event; None is left out."""
    trace, waiting = event["traceparent"], [each for each in letters if not each["redriven_at"]]
    return {
        "user": event["own_id"],
        "number of its user": event["sequence"],
        "request": event["request_id"],
        "trace": trace and trace[3:35],
        "time by the phone": event["told_at"],
        "outcome": event["outcome_event_type"],
        "content": "kept" if event["has_payload"] else "erased",
        "waits behind": event["waits_behind"] or None,
        "dead letter": waiting[-1]["dead_letter_id"] if waiting else None,
        "users with this id": event["owners"] if event["owners"] > 1 else None,
    }


def upload_facts(upload: Row) -> dict[str, object]:
    """What else is known of an upload; None is left out."""
    made, length = upload["width"], upload["duration_ms"]
    return {
        "user": upload["own_id"],
        "type": upload["content_type"],
        "bytes": upload["size_bytes"],
        "must be sent until": upload["expires_at"] if upload["uploaded_at"] is None else None,
        "picture": f"{made} x {upload['height']}, {upload['video_codec']}" if made else None,
        "length": f"{length / 1000:.1f} s" if length else None,
        "bytes of the video": upload["made_bytes"],
        "post": upload["post_id"],
        "post deleted": upload["post_deleted_at"],
    }


def listed(facts: Mapping[str, object]) -> list[dict[str, str]]:
    """Facts as an answer has them."""
    return [
        {"name": name, "value": each.isoformat() if isinstance(each, datetime) else str(each)}
        for name, each in facts.items()
        if each is not None
    ]


def shape_of(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What an event says, without what its user has written: ids as they are, of the rest the kind."""
    return {name: _kind(value) for name, value in payload.items()}


def _kind(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return "nothing" if value is None else "true or false"
    if is_sealed(value):
        return "sealed"
    if isinstance(value, str):
        return value if _is_id(value) else f"text, {len(value)} characters"
    if isinstance(value, (dict, list)):
        return f"{len(value)} {'fields' if isinstance(value, dict) else 'entries'}"
    return "a number"


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _of_event(event: Row, acted: Row | None, service: str) -> Iterator[Step]:
    words = f"accepted, in request {event['request_id']}"
    yield _step(event["created_at"], "accepted", "request", "accepted", words)
    if event["published_at"] is not None:
        by = "app_resend, by the schedule" if event["try_count"] else "request"
        words = "confirmed by the broker"
        yield _step(event["published_at"], "published", by, "confirmed", words)
    if acted is not None:
        words = "acted on" if acted["outcome"] == "processed" else "refused"
        at, by = acted["processed_at"], f"app_{service}"
        yield _step(at, "delivered", by, acted["outcome"], words)
    if event["outcome_status"] == "processed":
        words = event["outcome_event_type"]
        yield _step(event["outcome_at"], "processed", service, "processed", words)
    if event["outcome_status"] == "rejected":
        words = f"{event['outcome_code']}: {event['outcome_reason']}"
        yield _step(event["outcome_at"], "rejected", service, "rejected", words)


def _of_letter(letter: Row) -> Iterator[Step]:
    again = f", for the {letter['deaths']}. time" if letter["deaths"] > 1 else ""
    words = f"{letter['error_code']}: {letter['error']}; after {letter['attempt']} retries{again}"
    by = f"app_{letter['service']}"
    yield _step(letter["failed_at"], "dead_lettered", by, "failed", words)
    if letter["redriven_at"] is not None:
        words = "sent back to its service"
        yield _step(letter["redriven_at"], "redriven", "operator", "sent", words)


def _of_upload(upload: Row) -> Iterator[Step]:
    words = f"{upload['size_bytes']:,} bytes of {upload['content_type']} may be sent"
    yield _step(upload["created_at"], "presigned", "request", "presigned", words)
    if upload["uploaded_at"] is not None:
        words = "complete in the object store"
        yield _step(upload["uploaded_at"], "uploaded", "request", "uploaded", words)
    if upload["settled_at"] is not None:
        state = upload["state"]
        by = "app_video_upkeep" if state == "expired" else "app_processing"
        said = {
            "processed": "a video was made",
            "failed": f"{upload['reason']}: {upload['failure_reason']}",
        }
        words = said.get(state, "nobody sent it in time")
        yield _step(upload["settled_at"], state, by, state, words)


def _step(at: datetime, step: str, by: str, outcome: str, words: str) -> Step:
    return {"at": at, "step": step, "by": by, "outcome": outcome, "words": words}
