"""POST /events/skip-head: the operator gives up the event behind which a customer's others wait.

The row lock blocks sweeps until the change has committed. If another request is still publishing the
head, skipping is refused, because that request cannot be stopped. The released events wait for the
resend schedule or for POST /events/resend: they may only be published after this commit, and a failed
publish would make a successful skip look failed.

Order holds among the events that were not given up. The head itself may come late, after its successors,
if a copy of it was under way: no fence stands before a broker. How long such a copy lives is bounded by
the publisher (`LINE_SECONDS`), and the answer says that it may come.

The head may be a copy that a rewind sends by webhook before all later events. It is ended as if the bank
had refused it to the last try.
"""

from __future__ import annotations

from uuid import UUID

from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.models import HeadToSkip, SkippedHead
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.console.acts import (
    DryRun,
    audited,
    check_expected,
    dry_run_of_one,
    require_reason,
)
from fintegrate.console.conditions import counted
from fintegrate.database import Database, Row
from fintegrate.errors import Busy, Conflict, NotFound, Unavailable
from fintegrate.http.endpoint import Access, Answer, Call
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
SKIPPED = "skipped by the operator in request {request_id}: {reason}"
"""The request's id finds the audit row, which has the address and the time."""
MAY_COME_LATE = (
    "The event was given up. If a copy of it was under way, it may still come late, after its "
    "successors; a consumer that goes by sequence passes over it"
)
WOULD_COME_LATE = (
    "The event is marked as given up. If a copy of it is under way, it may still come late, after "
    "its successors; a consumer that goes by sequence passes over it"
)
GONE = "The head is pending no more: a sweep published it or gave it up; nothing was skipped"
HELD = "A sweep is publishing this customer's head and does not let go of it; try again shortly"
IN_HAND = (
    "The head is still in the hands of the request that wrote it, or its bank is being called with it; "
    "try again in a few seconds, unless it is published by then"
)


@events.route("/events/skip-head", methods=["POST"])
@endpoint(
    HeadToSkip,
    gives=SkippedHead,
    access=Access.ADMIN,
    transaction=True,
    looks_up=True,
    conflict="The head is not to be skipped: in a request's hands, or gone",
)
def skip_head(call: Call[HeadToSkip]) -> Answer:
    """Mark a customer's first pending event failed, which lets the later ones through.

    It may also be an earlier one that a rewind sends again by webhook: it has failed then. The later
    ones go with the next resend, which runs every minute, or at once by `POST /events/resend`. The
    skipped event keeps the reason. It may still come late, after its successors, if a copy was under
    way. With `event_id` nothing is skipped unless this is the head.
    """
    require_reason(call, of_all=True)
    head = _find_head(call.db, call.body.customer_id, call.body.event_id)
    if call.body.dry_run:
        return Answer(_would_skip(call.db, head["event_id"]))
    check_expected(call.body.expected_count, 1)
    reason = SKIPPED.format(request_id=call.request.id, reason=call.body.reason)
    skipping = {"event_id": head["event_id"], "reason": reason, "caused_by": call.request.id}
    skipped = (_skip_copy if head["is_copy"] else _skip)(call.db, skipping)
    counts = {"released_count": skipped["released_count"]}
    done = audited(call, skipped["consumer_id"], counts)
    return Answer({**skipped, "note": MAY_COME_LATE}, audited=done)


def _would_skip(db: Database, head: str) -> DryRun:
    found = db.fetch_all(SQL["describe_head"], {"event_id": head})[0]
    behind = counted(found["behind"], "event waits", "events wait")
    goes = "goes" if found["behind"] == 1 else "go"
    way = "to the bank's server next" if found["is_called"] else "out with the next resend"
    told = f"{behind} behind it and {goes} {way}"
    return dry_run_of_one(
        found["consumer_id"],
        found["consumer_name"],
        [told, WOULD_COME_LATE],
        (found["created_at"], "waiting"),
    )


def _find_head(db: Database, customer_id: UUID, meant: UUID | None) -> Row:
    head = db.fetch_one(SQL["find_head"], {"customer_id": str(customer_id)})
    if head is None:
        raise NotFound("No event of this customer is pending; check customer_id")
    if meant is not None and head["event_id"] != str(meant):
        raise Conflict(f"The head is event {head['event_id']} by now; nothing was skipped")
    return head


def _skip(db: Database, skipping: Row) -> Row:
    _take(db, skipping["event_id"], parts().settings.publish_handoff_seconds)
    return db.fetch_one(SQL["skip_head"], skipping) or {}


def _skip_copy(db: Database, skipping: Row) -> Row:
    owner = _take_copy(db, skipping["event_id"])
    db.execute(SQL["fail_copied"], {**skipping, "consumer_id": owner})
    return db.fetch_one(SQL["skip_copy"], skipping) or {}


def _take(db: Database, head: str, handoff_seconds: int) -> None:
    locked = _lock(db, {"event_id": head, "handoff_seconds": handoff_seconds})
    if locked is None:
        raise Conflict(GONE)
    if locked["in_hand"]:
        raise Conflict(IN_HAND)


def _take_copy(db: Database, event_id: str) -> str:
    """Keep the copy from being claimed until the end of the transaction; whose it is."""
    try:
        db.execute(SQL["lock_lane"], {"event_id": event_id})
    except Busy as error:
        raise Unavailable(HELD) from error
    copy = db.fetch_one(SQL["find_copy"], {"event_id": event_id})
    if copy is None:
        raise Conflict(GONE)
    if copy["in_hand"]:
        raise Conflict(IN_HAND)
    return str(copy["consumer_id"])


def _lock(db: Database, head: Row) -> Row | None:
    """Lock the head. A sweep locks its batch for at most 4 s, less than the lock timeout."""
    try:
        return db.fetch_one(SQL["lock_head"], head)
    except Busy as error:
        raise Unavailable(HELD) from error
