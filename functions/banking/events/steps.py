"""The steps of an event's life, made from its rows, and when it passed from side to side."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from fintegrate.console.timeline import Passage, Step, in_order
from fintegrate.database import Row

STEPS = (
    "committed",
    "held_back",
    "publish_attempt",
    "reopened",
    "given_back",
    "given_up",
    "published",
    "redelivered",
    "replayed",
    "requeued",
    "received",
    "processed",
    "failed",
    "dead_lettered",
)
"""In the order in which those of one time are shown."""
_OF_ATTEMPTS = {
    "redeliver": "redelivered",
    "replay": "replayed",
    "rewind": "replayed",
    "requeue": "requeued",
}
_OF_OUTCOMES = {"given_up": "given_up", "reopened": "reopened", "given_back": "given_back"}
_AT_ONCE = timedelta(milliseconds=1)
"""A receipt's two times are read from the clock one after the other."""
_ENDED = frozenset({"processed", "delivery_failed", "dead_lettered"})
CONFIRMED = "confirmed by the broker"
TAKEN = "taken by the bank's server"
LATE = ", after a later event of its customer"
AGAIN = "sent again, confirmed by the broker"
TAKEN_AGAIN = "sent again, taken by the bank's server"
PAST_RETENTION = "the receipt is past its retention"


def steps_of(
    event: Row, receipts: list[Row], dead_letters: list[Row], attempts: list[Row]
) -> list[Step]:
    """Every step in order."""
    steps = [
        *_of_ours(event, attempts),
        *(_of_attempt(attempt) for attempt in attempts),
        *_of_the_bank(event, receipts),
        *(_of_letter(letter) for letter in dead_letters),
    ]
    return in_order(steps, STEPS)


def passage_of(event: Row, receipts: list[Row], dead_letters: list[Row]) -> Passage:
    """When the event passed from us to the queue and to the bank, and when it ended.

    An event that was sent again is in the queue, whatever was said of the copy before.
    """
    held_from, held_until = _held(event)
    was_received = event["state"] == "received" or event["state"] in _ENDED
    return Passage(
        begun=event["created_at"],
        held_from=held_from,
        held_until=held_until,
        sent=event["published_at"],
        received=receipts[0]["created_at"] if receipts and was_received else None,
        ended=_end(event, receipts, dead_letters),
    )


def _held(event: Row) -> tuple[datetime | None, datetime | None]:
    """From when until when it waited for an earlier event of its customer, or for a rewind.

    A predecessor that was published later than the event itself had been published before.
    """
    begun, until = event["created_at"], event["published_at"] or event["now"]
    waits = []
    if event["waits_behind"] is not None:
        waits.append((begun, until))
    elif event["released_at"] is not None and begun < event["released_at"] <= until:
        waits.append((begun, event["released_at"]))
    if event["rewind_from"] is not None:
        waits.append((max(begun, event["rewind_from"]), min(event["rewind_until"] or until, until)))
    if not waits:
        return None, None
    return min(since for since, _ in waits), max(end for _, end in waits)


def _end(event: Row, receipts: list[Row], dead_letters: list[Row]) -> datetime | None:
    state = event["state"]
    if state == "publish_failed":
        return _first(event, "publish_given_up_at", "publish_last_tried_at", "created_at")
    if state not in _ENDED:
        return None
    told: list[datetime] = [receipt["updated_at"] for receipt in receipts]
    if state == "dead_lettered":
        told = [letter["created_at"] for letter in dead_letters if not letter["superseded"]]
    if told:
        return max(told)
    return _first(event, "delivered_at", "deliver_last_tried_at", "published_at", "created_at")


def _first(event: Row, *columns: str) -> datetime | None:
    """The first of these times that is known."""
    known: list[datetime] = [event[column] for column in columns if event[column] is not None]
    return known[0] if known else None


def _of_ours(event: Row, attempts: list[Row]) -> Iterator[Step]:
    request = event["request_id"]
    words = f"committed, in request {request}" if request else "committed"
    yield _step(event["created_at"], "committed", event["source_service"], "committed", words)
    held_from, held_until = _held(event)
    if held_from is not None:
        outcome = "waiting" if held_until == event["now"] else "released"
        holder, words = _holder(event)
        yield _step(held_from, "held_back", holder, outcome, words)
    if event["published_at"] is not None:
        words = TAKEN if event["was_called"] else CONFIRMED
        words = f"{words}{LATE}" if event["sent_late_at"] else words
        by = _publisher(event, attempts)
        yield _step(event["published_at"], "published", by, "confirmed", words)
    if event["publish_status"] == "failed":
        yield from _giving_up(event, attempts)


def _holder(event: Row) -> tuple[str, str]:
    if event["waits_behind"] is None and event["rewind_from"] is not None:
        return "rewind", "held back by a rewind of the queue"
    number = f"number {event['former_sequence']}"
    return number, f"held back behind {number} of its customer"


def _publisher(event: Row, attempts: list[Row]) -> str | None:
    """A sweep counts its tries, a request does not; unknown if the request had tried in vain."""
    if event["was_called"]:
        return "webhook"
    if event["publish_try_count"] > 1:
        return "resend"
    return None if any(each["by"] == "request" for each in attempts) else "request"


def _giving_up(event: Row, attempts: list[Row]) -> Iterator[Step]:
    """Of what was given up by the bound of tries, or by a person before attempts were kept."""
    if any(attempt["outcome"] == "given_up" for attempt in attempts):
        return
    by_person = event["publish_given_up_at"]
    at = by_person or event["publish_last_tried_at"] or event["created_at"]
    called = any(attempt["by"] == "webhook" for attempt in attempts)
    by = "skip" if by_person else "webhook" if called else "resend"
    words = event["publish_failure_reason"]
    yield _step(at, "given_up", by, "given_up", words)


def _of_attempt(attempt: Row) -> Step:
    by, outcome = attempt["by"], attempt["outcome"]
    name = _OF_OUTCOMES.get(outcome) or _OF_ATTEMPTS.get(by, "publish_attempt")
    again = AGAIN
    if by == "webhook" and outcome == "confirmed":
        name, again = "redelivered", TAKEN_AGAIN
    words = attempt["words"] or (again if outcome == "confirmed" else outcome)
    return _step(attempt["at"], name, _author(by, attempt["caused_by"]), outcome, words)


def _author(by: str, caused_by: str | None) -> str:
    """Who made an attempt: the request itself, a schedule, or a job or request by its id."""
    if by in {"request", "webhook"}:
        return by
    if caused_by is None:
        return f"{by}, by the schedule"
    kind = "job" if by in {"rewind", "replay"} else "request"
    return f"{by}, by {kind} {caused_by}"


def _of_the_bank(event: Row, receipts: list[Row]) -> Iterator[Step]:
    for receipt in receipts:
        status, said = receipt["processing_status"], receipt["received_at"]
        claim = f"received by the bank's clock at {said.isoformat()}"
        if status == "received" or receipt["updated_at"] - receipt["created_at"] > _AT_ONCE:
            yield _step(receipt["created_at"], "received", "bank", "received", claim)
        if status != "received":
            words = (
                receipt["processing_failure_reason"]
                if status == "failed"
                else f"processed, {claim}"
            )
            yield _step(receipt["updated_at"], status, "bank", status, words)
    if not receipts and event["deliver_status"] == "delivered":
        yield _step(event["delivered_at"], "processed", "bank", "processed", PAST_RETENTION)


def _of_letter(letter: Row) -> Step:
    outcome = "superseded" if letter["superseded"] else "failed"
    return _step(letter["created_at"], "dead_lettered", "broker", outcome, letter["reason"])


def _step(at: datetime, step: str, by: str | None, outcome: str, words: str | None) -> Step:
    return {"at": at, "step": step, "by": by, "outcome": outcome, "words": words or step}
