"""The console's sessions in banking's tables. A package with this module has the console, too."""

from __future__ import annotations

from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def find_session(db: Database, token_hash: bytes, used: bool) -> Row | None:
    """Read the row of a request's session. It is a request's first statement, so it may revive."""
    sought = {"token_hash": token_hash, "used": used}
    row = db.fetch_one(SQL["find_session"], sought, revive=True)
    return row if row is not None and row["session_id"] is not None else None
