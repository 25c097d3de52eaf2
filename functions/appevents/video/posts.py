"""Posts: a processed video in its owner's feed."""

from __future__ import annotations

from typing import Any

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.events.video import DeleteRequested
from chalicelib.appevents.outbox import Reply
from chalicelib.appevents.video.object_store import UrlOf
from fintegrate.database import Database, Row
from fintegrate.messaging.inbox import Rejected
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def delete_post(db: Database, event: Event[DeleteRequested]) -> Reply:
    """Take a post of the user's out of every feed. A deleted one stays so.

    Raises:
        Rejected: the user has no such post.
    """
    wanted = {"post_id": str(event.data.post_id), "user_id": event.user_id}
    if not db.execute(SQL["delete"], wanted):
        raise Rejected("post_not_found", "There is no such post")
    return Reply("feed.post.deleted", {"post_id": wanted["post_id"]})


def list_public(db: Database, user_id: str | None, page: dict[str, Any]) -> list[Row]:
    """Posts of public feeds, newest first; one more than the page has."""
    return db.fetch_all(SQL["list_public"], {"user_id": user_id, **page})


def list_of_owner(
    db: Database, user_id: str | None, owner_id: str, page: dict[str, Any]
) -> list[Row]:
    """One feed's posts, newest first; one more than the page has."""
    return db.fetch_all(SQL["list_of_owner"], {"user_id": user_id, "owner_id": owner_id, **page})


def find_post(db: Database, user_id: str | None, post_id: str) -> Row | None:
    """A post, whoever may see it."""
    return db.fetch_one(SQL["find"], {"user_id": user_id, "post_id": post_id})


def shown(url_of: UrlOf, row: Row) -> Row:
    """A post as callers see it."""
    row["video_url"] = url_of(row.pop("video_key"))
    row["thumbnail_url"] = url_of(row.pop("thumbnail_key"))
    return row
