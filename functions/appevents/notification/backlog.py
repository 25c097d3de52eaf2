"""What is not done, of all users."""

from __future__ import annotations

from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def read_backlog(db: Database) -> Row:
    """Counts of events and dead letters, and the age of the oldest event without an outcome."""
    row = db.fetch_one(SQL["read"], {})
    assert row is not None
    return row
