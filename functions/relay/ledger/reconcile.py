"""Reads the ledger from one snapshot of all tables, with a time limit.

It reads the events of some days with their deliveries and attempts, so its cost grows with them. No
writer waits for it. The endpoint and the schedule both use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter

from fintegrate.database import ConnectionLost, Database, NoAnswer, Row
from fintegrate.errors import Busy, Unavailable
from fintegrate.http.envelope import dumps
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
STATUSES = ("pending", "delivered", "failed", "expired", "skipped")
DISCREPANCIES = (
    "events_without_delivery",
    "deliveries_without_event",
    "delivered_without_attempt",
    "attempts_without_delivery",
)
MOST_LISTED = 50
TOO_LARGE = (
    "The ledger could not be read within {seconds} s; ask for fewer days, or go by the last scheduled "
    "reconciliation in GET /metrics"
)
_RETRY_SECONDS = 60


def read_ledger(db: Database, *, days: int, attempt_days: int, seconds: int) -> Row:
    """Read the ledger of the last `days`; `db` must not be in a transaction.

    Args:
        attempt_days: how long attempts are kept

    Raises:
        Unavailable: reading took longer than `seconds`, or the database is away.
    """
    wanted = {"days": days, "attempt_days": attempt_days, "most": MOST_LISTED}
    try:
        cells, found = _read(db, wanted, seconds)
    except NoAnswer:
        raise
    except ConnectionLost:  # a kept connection may be dead; reading is safe to repeat
        cells, found = _read(db, wanted, seconds)
    lanes = lanes_of(cells)
    counts = {name: rows[0]["total"] if rows else 0 for name, rows in found.items()}
    total = {kind: sum(lane[kind] for lane in lanes) for kind in ("accepted", *STATUSES)}
    return {
        "taken_at": datetime.now(UTC),
        "days": days,
        "balanced": all(lane["balanced"] for lane in lanes) and not any(counts.values()),
        "total": total,
        "lanes": lanes,
        "discrepancies": counts,
        "listed": {name: _listed(rows) for name, rows in found.items()},
    }


def keep_last(db: Database, report: Row) -> None:
    """Store a reconciliation as the last one, unless a later one is stored."""
    db.execute(SQL["keep_last"], {"taken_at": report["taken_at"], "report": dumps(report)})


def read_last(db: Database) -> Row | None:
    """Read the last stored reconciliation, in the form of the endpoint's answer."""
    row = db.fetch_one(SQL["read_last"], {}, revive=True)
    return None if row is None else dict(row["report_json"])


def lanes_of(cells: Iterable[Row]) -> list[Row]:
    """The ledger of each lane from its cells, which are counted groups of events."""
    return [_lane(list(rows)) for _, rows in groupby(cells, itemgetter("lane_id"))]


def _lane(cells: Sequence[Row]) -> Row:
    first = cells[0]
    counts = {
        status: sum(cell["events"] for cell in cells if cell["status"] == status)
        for status in STATUSES
    }
    accepted = sum(cell["events"] for cell in cells if cell["due"] or cell["status"] is not None)
    return {
        "lane_id": first["lane_id"],
        "storefront": first["storefront"],
        "destination": first["destination"],
        "deleted": first["deleted"],
        "balanced": accepted == sum(counts.values()),
        "accepted": accepted,
        **counts,
    }


def _read(db: Database, wanted: Row, seconds: int) -> tuple[list[Row], dict[str, list[Row]]]:
    try:
        with db.transaction(statement_seconds=seconds):
            db.execute(SQL["take_snapshot"], {})
            db.execute(SQL["set_limits"], {"milliseconds": seconds * 1000})
            cells = db.fetch_all(SQL["read_cells"], wanted)
            return cells, {name: db.fetch_all(SQL[name], wanted) for name in DISCREPANCIES}
    except Busy as error:
        raise Unavailable(TOO_LARGE.format(seconds=seconds), _RETRY_SECONDS) from error


def _listed(rows: Sequence[Row]) -> list[Row]:
    return [{"event": row["event"], "lane_id": row["lane_id"]} for row in rows]
