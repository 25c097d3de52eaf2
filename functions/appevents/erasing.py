"""What every service does when a user is erased, beside deleting what it keeps itself.

What the user told may still wait: in a queue, before the next try, among the dead letters. Its keys are
written, so that the inbox passes over it whenever it comes. What the service has told of the user, and
the outbox still has, goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.erasure import EraseRequested
from chalicelib.appevents.outbox import Reply
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def forget_told(db: Database, event: Event[EraseRequested]) -> int:
    """Pass over what the user told before, and delete what was told of it; how many rows went."""
    wanted: dict[str, Any] = {
        "user_id": event.user_id,
        "ids": [str(each.event_id) for each in event.data.unsettled],
        "types": [each.event_type for each in event.data.unsettled],
        "until": event.effective_at,
    }
    db.execute(SQL["settle_unsettled"], wanted)
    db.execute(SQL["settle_rejected"], wanted)
    return db.execute(SQL["delete_outbox"], wanted)


def erased(service: str, counts: Sequence[int], further: Sequence[Row] = ()) -> Reply:
    """The service's answer; `further` as `Reply` has it."""
    return Reply(f"{service}.user.erased", {"row_count": sum(counts)}, further)
