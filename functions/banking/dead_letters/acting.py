"""Acts on dead letters: which ones a request means, and what would be hit."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from chalicelib.banking.dead_letters.letters import seen_by
from chalicelib.banking.dead_letters.models import Requeue
from chalicelib.banking.dead_letters.requeue import SQL
from fintegrate.console.acts import MOST_COUNTED, Act, DryRun, dry_run
from fintegrate.database import Database, Row
from fintegrate.errors import Conflict, Forbidden, NotFound
from fintegrate.http.endpoint import Call

OPERATORS_ONLY = "A letter that matches no event is sent again by the operator only; leave it out"
LEFT_OUT = {"waiting", "held_back", "publish_failed", "processed", "received"}
"""The states of events that redeliver passes over."""
A = TypeVar("A", bound=Act)


def meant(call: Call[Requeue]) -> Row:
    """The open letters that a request means, as the statements' parameters; and `subject`.

    `subject` is the one consumer whose letters they are, None if there may be several.

    Raises:
        NotFound: one of the named letters does not exist in the caller's scope.
        Forbidden: a tenant means letters that match no event.
        Conflict: one of the named letters is resolved.
    """
    body = call.body
    if not call.caller.is_admin and body.matched is False:
        raise Forbidden(OPERATORS_ONLY)
    seen = seen_by(call, body.consumer_id)
    if body.dead_letter_ids is not None:
        return check_named(call.db, body.dead_letter_ids, seen)
    return {
        **seen,
        "dead_letter_ids": None,
        "matched": body.matched if call.caller.is_admin else True,
        "reason": body.death_reason,
        "begin": body.begin,
        "end": body.end,
        "most": MOST_COUNTED,
        "subject": seen["consumer_id"],
    }


def check_named(db: Database, dead_letter_ids: list[UUID], seen: Row) -> Row:
    """The parameters for named letters; errors as `meant`."""
    ids = sorted({str(each) for each in dead_letter_ids})
    found = db.fetch_all(SQL["find"], {**seen, "dead_letter_ids": ids})
    if len(found) < len(ids):
        raise NotFound("No such dead letter; check dead_letter_ids")
    if not seen["sees_foreign"] and any(row["event_id"] is None for row in found):
        raise Forbidden(OPERATORS_ONLY)
    resolved = [row["dead_letter_id"] for row in found if row["resolved_at"] is not None]
    if resolved:
        raise Conflict(f"Dead letter {resolved[0]} is resolved already; nothing was done")
    banks = {row["consumer_id"] for row in found}
    rest = dict.fromkeys(("matched", "reason", "begin", "end"))
    said = {"dead_letter_ids": ids, "most": MOST_COUNTED}
    return {**seen, **rest, **said, "subject": banks.pop() if len(banks) == 1 else None}


def would_hit(db: Database, letters: Row, *, sends: bool) -> DryRun:
    """What an act on these letters would hit; `sends`: they would be sent again."""
    rows = db.fetch_all(SQL["dry_run"], letters)
    states = {row["state"]: row["events"] for row in rows if row["state"]}
    warnings = []
    if sends and "unmatched" in states:
        warnings.append(
            "Letters that match no event go to the end of their queue as they were kept"
        )
    if sends and LEFT_OUT & states.keys():
        warnings.append("Events that are received, processed or not published are left out")
    return dry_run(rows, warnings=warnings)


def resolver(call: Call[A]) -> Row:
    """Who resolves, and why, as the statements' parameters."""
    by = call.caller.actor or call.caller.owner_name
    said = {"resolved_by": by, "resolved_reason": call.body.reason}
    return {**said, "caused_by": call.request.id}
