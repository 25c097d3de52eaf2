"""Who likes a post or a comment. Of a user's likes and unlikes the later one counts, however they come.

The target's row is locked first, so its count changes by what really came or went.
"""

from __future__ import annotations

from typing import Any

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.video import Liked
from chalicelib.appevents.outbox import Reply
from chalicelib.appevents.video.access import lock_post
from fintegrate.database import Database, Row
from fintegrate.messaging.inbox import NotYet, Rejected
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
_NO_COMMENT = "There is no such comment"


def like(db: Database, event: Event[Liked]) -> Reply:
    """Like it, unless the user took that back later."""
    return _change(db, event, "like")


def unlike(db: Database, event: Event[Liked]) -> Reply:
    """Take a like back, unless the user liked it again later."""
    return _change(db, event, "unlike")


def list_likes(db: Database, wanted: dict[str, Any]) -> list[Row]:
    """Who likes a post, first to last; one more than the page has."""
    return db.fetch_all(SQL["list"], wanted)


def _change(db: Database, event: Event[Liked], statement: str) -> Reply:
    wanted = {
        "target_id": str(event.data.target_id),
        "target_type": event.data.target_type,
        "user_id": event.user_id,
        "sequence": event.sequence,
        "told_at": event.told_at,
    }
    _lock(db, event)
    changed = db.fetch_all(SQL[statement], wanted)
    step = changed[0]["step"] if changed else 0
    of_post = event.data.target_type == "post"
    row = db.fetch_one(SQL["count_post" if of_post else "count_comment"], {**wanted, "step": step})
    assert row is not None
    return Reply("interaction.persisted", row)


def _lock(db: Database, event: Event[Liked]) -> None:
    """Lock what is liked.

    Raises:
        Rejected: the user may not see it, or it is deleted.
        NotYet: the comment is not there; its own event may still wait.
    """
    if event.data.target_type == "post":
        lock_post(db, event.user_id, str(event.data.target_id))
        return
    wanted = {"comment_id": str(event.data.target_id), "user_id": event.user_id}
    comment = db.fetch_one(SQL["find_comment"], wanted)
    if comment is None:
        raise NotYet("comment_not_found", _NO_COMMENT)
    lock_post(db, event.user_id, comment["post_id"])
    if db.fetch_one(SQL["lock_comment"], wanted) is None:
        raise Rejected("comment_not_found", _NO_COMMENT)
