"""Platforms in the database: the kinds of receivers that a credential may be for."""

from __future__ import annotations

from chalicelib.relay.destinations.storefronts import found
from fintegrate.database import Database
from fintegrate.errors import Conflict
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def delete(db: Database, platform: int) -> None:
    """Delete a platform that nobody uses; to be called in a transaction.

    Raises:
        NotFound: there is no such platform.
        Conflict: a storefront has a credential of it.
    """
    wanted = {"id": platform}
    found(db.fetch_one(SQL["lock"], wanted), "platform")
    count = db.fetch_all(SQL["count_credentials"], wanted)[0]["credentials"]
    if count:
        raise Conflict(f"The platform still has {count} credentials; delete these first")
    db.execute(SQL["delete"], wanted)
