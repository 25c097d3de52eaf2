"""Consumers in the database."""

from __future__ import annotations

from fintegrate.database import Database, Row
from fintegrate.errors import NotFound
from fintegrate.queries import queries_beside

SQL = queries_beside(__file__)
NOT_FOUND = "No such consumer; check consumer_id"


def read_consumer(db: Database, consumer_id: str) -> Row:
    """Read a consumer: `name, status, created_at, updated_at`.

    Raises:
        NotFound: there is no such consumer.
    """
    row = db.fetch_one(SQL["read_consumer"], {"consumer_id": consumer_id})
    if row is None:
        raise NotFound(NOT_FOUND)
    return row
