"""Erases a user: settings go, and the passcode of the feed."""

from __future__ import annotations

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.erasing import erased, forget_told
from chalicelib.appevents.events.erasure import EraseRequested
from chalicelib.appevents.outbox import Reply
from fintegrate.database import Database
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
STEPS = ("user_settings", "app_settings", "feed_access", "tries_at_own", "own_tries")


def erase_user(db: Database, event: Event[EraseRequested]) -> Reply:
    """Delete what is the user's here."""
    own = {"user_id": event.user_id}
    counts = [forget_told(db, event), *(db.execute(SQL[step], own) for step in STEPS)]
    return erased("settings", counts)
