"""Who may see a feed, comment on its posts and like them.

A public feed is everybody's. One behind a passcode is its owner's, and that of who gave the passcode: a
request proves it with a token of the service of settings, an event with the grant that came beside it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from chalicelib.appevents.envelope import Event
from chalicelib.appevents.feed_grants import write_grant
from chalicelib.appevents.feed_owners import change_visibility as write
from fintegrate.database import Database, Row
from fintegrate.messaging.inbox import Rejected
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def change_visibility(db: Database, event: Event[Any]) -> None:
    """Take over what the owner decided, unless a newer decision is known.

    Raises:
        Rejected: it is told in another user's name.
    """
    owner = str(event.data.owner_id)
    if owner != event.user_id:
        raise Rejected("not_owner", "Only the owner of a feed decides who may see it")
    write(db, owner, event.data.visibility, event.data.access_version)


def grant(db: Database, event: Event[Any]) -> None:
    """Keep that a viewer gave the passcode; the newest grant counts."""
    told = event.data
    owner = str(told.feed_owner_id)
    write_grant(db, owner, event.user_id, told.access_version, told.expires_at)


def lock_post(db: Database, user_id: str, post_id: str) -> Row:
    """A post that the user may see, locked until the end of the transaction.

    Raises:
        Rejected: there is none that the user may see.
    """
    found = db.fetch_one(SQL["lock_post"], {"user_id": user_id, "post_id": post_id})
    if found is None:
        raise Rejected("post_not_found", "There is no such post")
    return found


class Feed(NamedTuple):
    """What an owner decided. An owner of whom nothing is known has a public feed."""

    is_public: bool = True
    access_version: int = 0


def feed_of(db: Database, owner_id: str) -> Feed:
    """Who may see an owner's feed now."""
    row = db.fetch_one(SQL["owner"], {"owner_id": owner_id}, revive=True)
    return Feed(row["visibility"] == "public", row["access_version"]) if row else Feed()
