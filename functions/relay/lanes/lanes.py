"""Lanes in the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fintegrate.database import Database, Row
from fintegrate.errors import NotFound
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


def read_all(db: Database) -> list[Row]:
    """The lanes of all destinations that there are."""
    return db.fetch_all(SQL["read"], {"lane_id": None})


def change(db: Database, lane_id: int, wanted: Mapping[str, Any]) -> Row:
    """Change a lane; to be called in a transaction. A rate is its account's, so of all its lanes.

    Raises:
        NotFound: there is no such lane.
    """
    changed = db.fetch_one(SQL["change"], {**wanted, "lane_id": lane_id})
    if changed is None:
        raise NotFound("No such lane; check its number")
    if wanted["requests_per_minute"] is not None:
        db.execute(SQL["change_account"], {**wanted, "account": changed["throttle_account"]})
    return db.fetch_all(SQL["read"], {"lane_id": lane_id})[0]
