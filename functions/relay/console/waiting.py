"""Reads what waits in each lane and for the intake now, and what has failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fintegrate.console.kept import Kept
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
MOST = 5_000
"""So many rows of a kind are counted of each lane. Who has more is counted further, less often."""
MOST_AT_ALL = 100_000
"""Nobody is counted further: such a figure is `at least`."""
WHOLE: Kept[Row] = Kept(10.0)


def read(db: Database, lanes: Sequence[int]) -> Mapping[int, Row]:
    """What waits and what has failed, by lane; times are None where there is none."""
    rows = _read(db, lanes, MOST)
    return {lane: _whole(db, lane) if row["is_cut"] else row for lane, row in rows.items()}


def read_intake(db: Database) -> Row:
    """Rows of the order system that wait for the intake, or that it does not take."""
    row = _intake(db, MOST)
    return WHOLE.get((db, None), lambda: _intake(db, MOST_AT_ALL)) if row["is_cut"] else row


def _read(db: Database, lanes: Sequence[int], most: int) -> dict[int, Row]:
    rows = db.fetch_all(SQL["read"], {"lanes": list(lanes), "most": most}, revive=True)
    return {row["lane_id"]: row for row in rows}


def _whole(db: Database, lane: int) -> Row:
    return WHOLE.get((db, lane), lambda: _read(db, [lane], MOST_AT_ALL)[lane])


def _intake(db: Database, most: int) -> Row:
    return db.fetch_all(SQL["intake"], {"most": most}, revive=True)[0]
