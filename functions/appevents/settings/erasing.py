"""Erases a user: settings go, and the passcode of the feed, which the video service is told."""

from __future__ import annotations

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.erasing import erased, forget_told
from chalicelib.appevents.events.erasure import EraseRequested
from chalicelib.appevents.outbox import Reply
from chalicelib.appevents.settings.feed_access import tell
from fintegrate.database import Database
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
STEPS = ("user_settings", "app_settings", "tries_at_own", "own_tries")


def erase_user(db: Database, event: Event[EraseRequested]) -> Reply:
    """Delete what is the user's here."""
    own = {"user_id": event.user_id}
    counts = [forget_told(db, event), *(db.execute(SQL[step], own) for step in STEPS)]
    told = [tell(db, event.user_id, feed) for feed in db.fetch_all(SQL["feed_access"], own)]
    return erased("settings", [*counts, len(told)], told)
