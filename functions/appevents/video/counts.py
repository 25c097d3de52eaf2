"""Compares the counts of posts and comments with the rows that they count, for operators."""

from __future__ import annotations

from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def wrong_counts(db: Database) -> Row:
    """How many posts and comments have another `like_count`, `comment_count` or `reply_count` than rows.

    Reads all of them.

    Raises:
        Unavailable: the database is away, or has too many rows to answer in time.
    """
    row = db.fetch_one(SQL["wrong"], {})
    assert row is not None
    return row
