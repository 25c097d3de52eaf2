"""What a user set on a machine.

Of two events the later one counts for each name, in whatever order they come.
"""

from __future__ import annotations

import json
from typing import Any

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.machine import PrefsSubmitted
from chalicelib.appevents.outbox import Reply
from fintegrate.database import Database
from fintegrate.messaging.inbox import Rejected
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
MOST = 100
"""Names that are kept of a user's machine."""


def submit_prefs(db: Database, event: Event[PrefsSubmitted]) -> Reply:
    """Replace the named preferences.

    Raises:
        Rejected: the machine would have too many.
    """
    told = event.data
    db.execute(
        SQL["submit"],
        {
            "user_id": event.user_id,
            "machine_id": told.machine_id,
            "prefs": json.dumps(told.prefs),
            "sequence": event.sequence,
            "told_at": event.told_at,
        },
    )
    prefs = read_prefs(db, event.user_id, told.machine_id)
    if len(prefs) > MOST:
        raise Rejected("too_many_prefs", f"A machine may have at most {MOST} preferences")
    return Reply("equipment.prefs.persisted", {"machine_id": told.machine_id, "prefs": prefs})


def read_prefs(db: Database, user_id: str, machine_id: str) -> dict[str, Any]:
    """A user's preferences for a machine, by name."""
    rows = db.fetch_all(SQL["read"], {"user_id": user_id, "machine_id": machine_id})
    return {row["name"]: row["value"] for row in rows}
