"""Reads one event's whole life with its timeline and who held it for how long; a customer's lane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.banking.events.steps import passage_of, steps_of
from fintegrate.console.timeline import durations
from fintegrate.database import Database, Row
from fintegrate.errors import NotFound
from fintegrate.queries import queries_beside

if TYPE_CHECKING:
    from chalicelib.banking.archive.archived import FindStore

SQL = queries_beside(__name__)
MOST = 10_000
"""So many events of a lane are counted."""
LANE_ROWS = 101
NOT_FOUND = "No such event; check event_id"
NO_CUSTOMER = "No events of such a customer; check customer_id"
IN_HAND = "The request that wrote it is still publishing it"
SENT_AGAIN = "A rewind sends it again, before all later events of its customer"
REFUSED = "A rewind sends it again, and the bank's server refuses it: {words}"
NOT_TRIED = "No try is written down yet; the schedule resend takes it up, once a minute"
NOT_CALLED = "No call is written down yet; the schedule deliver_webhooks takes it up, once a minute"


def read_event(
    db: Database, event_id: str, consumer_id: str | None, store: FindStore, *, payload: bool
) -> Row:
    """Read an event; without `payload` its message stays where it is. An archived one is in the store.

    Raises:
        NotFound: there is no such event in this scope.
        Conflict: it is archived, and there is no object store.
        Unavailable: it is archived, and its file cannot be read.
    """
    scope = {"event_id": event_id, "consumer_id": consumer_id}
    event = db.fetch_one(SQL["read_event"], {**scope, "payload": payload, "most": MOST})
    receipts: list[Row] = []
    if event is None:
        event, receipts = _archived(db, scope, store, payload=payload)
    else:
        of_bank = {**scope, "consumer_id": event["consumer_id"]}
        receipts = db.fetch_all(SQL["read_receipts"], of_bank)
    found = {
        "receipts": receipts,
        "dead_letters": db.fetch_all(SQL["read_dead_letters"], scope),
        "attempts": db.fetch_all(SQL["read_attempts"], scope),
    }
    passage = passage_of(event, found["receipts"], found["dead_letters"])
    return {
        **_facts(event),
        **found,
        "timeline": steps_of(event, **found),
        "durations": durations(passage, event["now"]),
    }


def _archived(
    db: Database, scope: Row, store: FindStore, *, payload: bool
) -> tuple[Row, list[Row]]:
    """An archived event as `read_event` in life.sql would give it, with its receipts."""
    # Here, to spare other cold starts.
    from chalicelib.banking.archive.archived import find

    found = find(db, scope, store)
    if found is None:
        raise NotFound(NOT_FOUND)
    line, place = found
    receipt = line.pop("receipt")
    if receipt is not None:
        del receipt["receipt_id"]
    alone = dict.fromkeys(("waits_behind", "head_event_id", "was_called", *_OF_OTHERS))
    return {
        **line,
        **alone,
        "consumer_name": place["consumer_name"],
        "payload": line["payload"] if payload else None,
        "request_id": line["metadata"].get("request_id"),
        "state": _state(line),
        "before": 0,
        "behind": 0,
        "now": place["now"],
        "archive": {
            "archive_id": place["archive_id"],
            "file": place["object_key"],
            "sha256": place["sha256"],
            "archived_at": place["moved_at"],
        },
    }, [receipt] if receipt else []


def _state(line: Row) -> str:
    """The state of an event of which nothing more becomes, as event_state has it."""
    if line["publish_status"] == "failed":
        return "publish_failed"
    if line["deliver_status"] == "delivered":
        return "processed"
    said = line["deliver_failure_reason"] or ""
    return "dead_lettered" if said.startswith("dead-lettered: ") else "delivery_failed"


def read_lane(
    db: Database, customer_id: str, consumer_id: str | None, handoff_seconds: float
) -> Row:
    """Read a customer's pending events in order, the first of which holds the others.

    If a rewind sends an earlier one again by webhook, that one is the head. A request publishes what it
    wrote for `handoff_seconds` at most.

    Raises:
        NotFound: there is no event of such a customer in this scope.
    """
    scope = {"customer_id": customer_id, "consumer_id": consumer_id}
    lane = db.fetch_one(SQL["find_customer"], scope)
    if lane is None:
        raise NotFound(NO_CUSTOMER)
    is_called = lane.pop("is_called")
    copy = db.fetch_one(SQL["read_first_copy"], scope)
    refused = copy.pop("refused") if copy else None
    asked = {**scope, "limit": LANE_ROWS, "handoff_seconds": handoff_seconds}
    rows = db.fetch_all(SQL["read_lane"], {**asked, "copy_sequence": copy and copy["sequence"]})
    in_hand = [row.pop("in_hand") for row in rows]
    is_copy = copy is not None and (not rows or copy["sequence"] < rows[0]["sequence"])
    if copy is not None and is_copy:
        rows = [copy, *rows[: LANE_ROWS - 1]]
    head, waiting = (rows[0], rows[1:]) if rows else (None, [])
    asked = {**scope, "head_sequence": head["sequence"] if head else None, "most": MOST}
    summed = db.fetch_one(SQL["sum_up_lane"], asked) or {}
    reason = None
    if is_copy:
        reason = REFUSED.format(words=refused) if refused else SENT_AGAIN
    elif head and waiting:
        reason = _held_by(head, in_hand[0], is_called)
    return {
        **lane,
        "head": head,
        "waiting": waiting,
        "waiting_count": max(0, summed["waiting_count"] - 1),
        "last_processed_sequence": summed["last_processed_sequence"],
        "given_up_count": summed["given_up_count"],
        "held_since": waiting[0]["created_at"] if waiting else None,
        "held_reason": reason,
    }


def _held_by(head: Row, in_hand: bool, is_called: bool) -> str:
    """Why the first event is not out. No request and no resend sends to a bank that is called."""
    untold = NOT_CALLED if is_called else IN_HAND if in_hand else NOT_TRIED
    return head["publish_failure_reason"] or untold


_OF_OTHERS = ("released_at", "former_sequence", "rewind_from", "rewind_until")
_ASIDE = {*("now", "head_event_id", "before", "behind", "was_called"), *_OF_OTHERS}
"""Columns of which the answer is made."""


def _facts(event: Row) -> dict[str, Any]:
    """What the answer says of the event itself."""
    traceparent = event["metadata"].get("traceparent")
    is_pending = event["publish_status"] == "pending"
    return {
        "archive": None,
        **{name: value for name, value in event.items() if name not in _ASIDE},
        "trace_id": traceparent[3:35] if traceparent else event["event_id"].replace("-", ""),
        "lane": {
            "position": event["before"] if is_pending else None,
            "head_event_id": event["head_event_id"],
            "waiting_behind": event["behind"],
        },
    }
