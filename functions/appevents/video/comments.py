"""Comments on posts. A comment has the id of the event that wrote it.

Whoever changes a comment holds its post's row, so the counts of a post change one after the other.
"""

from __future__ import annotations

from typing import Any

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.video import CommentCreated, CommentDeleted
from chalicelib.appevents.outbox import Reply
from chalicelib.appevents.video.access import lock_post
from fintegrate.database import Database, Row
from fintegrate.messaging.inbox import NotYet, Rejected
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
PERSISTED = "comment.persisted"
DEEPEST = 8
FIRST_REPLIES = 3
_NO_PARENT = "The post has no such comment to reply to"
_NO_COMMENT = "There is no such comment"


def create_comment(db: Database, event: Event[CommentCreated]) -> Reply:
    """Write a comment.

    Raises:
        Rejected: the user may not see the post, or the reply would be too deep.
        NotYet: the comment that it replies to is not there; its own event may still wait.
    """
    told = event.data
    post = lock_post(db, event.user_id, str(told.post_id))
    parent = _parent(db, event, post["post_id"]) if told.parent_id else None
    written = db.fetch_one(
        SQL["create"],
        {
            "comment_id": event.id,
            "post_id": post["post_id"],
            "parent_id": parent and parent["comment_id"],
            "user_id": event.user_id,
            "body": told.body,
            "depth": parent["depth"] + 1 if parent else 1,
        },
    )
    if written is None:
        raise Rejected("id_taken", "Another comment or a post has this id")
    return _persisted(written, deleted=False)


def delete_comment(db: Database, event: Event[CommentDeleted]) -> Reply:
    """Delete a comment of the user's, or below a post of the user's. A deleted one stays so.

    Raises:
        Rejected: the user may not delete it.
        NotYet: it is not there; its own event may still wait.
    """
    wanted = {"comment_id": str(event.data.comment_id), "user_id": event.user_id}
    if db.fetch_one(SQL["lock_post_of"], wanted) is None:
        raise NotYet("comment_not_found", _NO_COMMENT)
    found = db.fetch_one(SQL["find_own"], wanted)
    if found is None:
        raise Rejected("comment_not_found", _NO_COMMENT)
    if found["deleted_at"] is None:
        _delete(db, wanted["comment_id"])
    return _persisted(found, deleted=True)


def take_out(db: Database, comment_id: str) -> None:
    """Delete a comment, whoever's it is, unless it is deleted; to be called in a transaction."""
    wanted = {"comment_id": comment_id}
    if db.fetch_one(SQL["lock_post_of"], wanted) is not None:
        _delete(db, comment_id)


def list_comments(db: Database, user_id: str | None, wanted: dict[str, Any]) -> list[Row]:
    """The comments of a post, or the replies to one, oldest first; one more than the page has."""
    return db.fetch_all(SQL["list"], {"user_id": user_id, **wanted})


def first_replies(db: Database, user_id: str | None, rows: list[Row]) -> dict[str, list[Row]]:
    """The first replies to each of these comments, by its id."""
    parents = [row["comment_id"] for row in rows if row["reply_count"]]
    found: dict[str, list[Row]] = {}
    if parents:
        wanted = {"user_id": user_id, "parents": parents, "most": FIRST_REPLIES}
        for row in db.fetch_all(SQL["first_replies"], wanted):
            found.setdefault(row["parent_id"], []).append(row)
    return found


def _parent(db: Database, event: Event[CommentCreated], post_id: str) -> Row:
    wanted = {"comment_id": str(event.data.parent_id), "user_id": event.user_id}
    parent = db.fetch_one(SQL["find"], wanted)
    if parent is None:
        raise NotYet("parent_not_found", _NO_PARENT)
    if parent["post_id"] != post_id or parent["deleted_at"] is not None:
        raise Rejected("parent_not_found", _NO_PARENT)
    if parent["depth"] >= DEEPEST:
        raise Rejected("too_deep", f"Replies go {DEEPEST} levels deep at most")
    return parent


def _delete(db: Database, comment_id: str) -> None:
    if db.execute(SQL["delete"], {"comment_id": comment_id}):
        _unlist(db, comment_id)


def _unlist(db: Database, comment_id: str | None) -> None:
    """A deleted comment is listed as long as a reply to it is."""
    while comment_id is not None:
        gone = db.fetch_one(SQL["unlist"], {"comment_id": comment_id})
        comment_id = gone["parent_id"] if gone else None


def _persisted(row: Row, *, deleted: bool) -> Reply:
    shown = ("comment_id", "post_id", "parent_id", "depth", "created_at")
    return Reply(PERSISTED, {**{name: row[name] for name in shown}, "deleted": deleted})
