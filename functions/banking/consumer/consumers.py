"""Consumers in the database."""

from __future__ import annotations

from fintegrate.database import Database, Row
from fintegrate.errors import Conflict, NotFound
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
NOT_FOUND = "No such consumer; check consumer_id"


def read_consumer(db: Database, consumer_id: str) -> Row:
    """Read a consumer: `name, display_name, status, created_at, updated_at`.

    Raises:
        NotFound: there is no such consumer.
    """
    row = db.fetch_one(SQL["read_consumer"], {"consumer_id": consumer_id})
    if row is None:
        raise NotFound(NOT_FOUND)
    return row


def check_room(db: Database, most: int) -> None:
    """Refuse one consumer more than `most`. Simultaneous calls of the admin may exceed it by some.

    Raises:
        Conflict: there are `most` already.
    """
    count = db.fetch_all(SQL["count_consumers"], {})[0]["count"]
    if count >= most:
        raise Conflict(f"There are {count} consumers, at most {most} are kept; raise MAX_CONSUMERS")
