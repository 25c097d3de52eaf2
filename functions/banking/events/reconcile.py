"""Reads the ledger from one snapshot of all tables, with a time limit.

It reads every event and receipt, so its cost grows with the tables; docs/banking/operations.md has the
figures. No writer waits for its locks. The endpoint and the schedule both use it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from chalicelib.banking.events.ledger import tenants_of, total_of
from chalicelib.banking.tenants import ADMIN_ID
from fintegrate.database import ConnectionLost, Database, NoAnswer, Row
from fintegrate.errors import Busy, NotFound, Unavailable
from fintegrate.http.envelope import dumps
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
HEADS_LISTED = 50
TOO_LARGE = (
    "The ledger could not be read within {seconds} s; narrow it with consumer_id, or go by the last "
    "scheduled reconciliation in GET /metrics"
)
_RETRY_SECONDS = 60


def read_ledger(db: Database, consumer_id: str | None, receipt_days: int, seconds: int) -> Row:
    """Read the ledger of all tenants, or of one; `db` must not be in a transaction.

    Raises:
        NotFound: there is neither such a consumer nor an event of it.
        Unavailable: reading took longer than `seconds`, or the database is away.
    """
    wanted = {"consumer_id": consumer_id, "receipt_days": receipt_days, "admin_id": ADMIN_ID}
    try:
        recovery, cells, heads = _read(db, wanted, seconds)
    except NoAnswer:
        raise
    except ConnectionLost:  # a kept connection may be dead; reading is safe to repeat
        recovery, cells, heads = _read(db, wanted, seconds)
    if not cells:
        raise NotFound("No such consumer; check consumer_id")
    tenants = tenants_of(cells)
    total = total_of(tenants)
    return {
        "taken_at": datetime.now(UTC),
        "balanced": not recovery["due"]
        and total["balanced"]
        and all(tenant["balanced"] for tenant in tenants),
        "recovery": recovery,
        "total": total,
        "tenants": tenants,
        "heads": _heads(heads),
    }


def keep_last(db: Database, report: Row) -> None:
    """Store a reconciliation of all tenants as the last one, unless a later one is stored."""
    db.execute(SQL["keep_last"], {"taken_at": report["taken_at"], "report": dumps(report)})


def read_last(db: Database) -> Row | None:
    """Read the last stored reconciliation, in the form of the endpoint's answer."""
    row = db.fetch_one(SQL["read_last"], {})
    return None if row is None else dict(row["report_json"])


def read_last_ledger(db: Database) -> Row | None:
    """The same with the recovery of now: after a restore the last count is that of the backup."""
    last = read_last(db)
    if last is None:
        return None
    recovery = read_recovery(db)
    return {**last, "recovery": recovery, "balanced": last["balanced"] and not recovery["due"]}


def read_recovery(db: Database) -> Row:
    """The epoch, and whether a recovery after a restore is due."""
    return db.fetch_all(SQL["read_recovery"], {}, revive=True)[0]


def _read(db: Database, wanted: Row, seconds: int) -> tuple[Row, list[Row], list[Row]]:
    try:
        with db.transaction(statement_seconds=seconds):
            db.execute(SQL["take_snapshot"], {})
            db.execute(SQL["set_limits"], {"milliseconds": seconds * 1000})
            cells = db.fetch_all(SQL["read_cells"], wanted)
            heads = db.fetch_all(SQL["read_heads"], {**wanted, "most": HEADS_LISTED})
            return db.fetch_all(SQL["read_recovery"], {})[0], cells, heads
    except Busy as error:
        raise Unavailable(TOO_LARGE.format(seconds=seconds), _RETRY_SECONDS) from error


def _heads(rows: list[Row]) -> Row:
    listed = [{**row, "age_hours": round(row["age_hours"], 5)} for row in rows]
    for head in listed:
        del head["heads"], head["waiting_behind"]
    return {
        "total": rows[0]["heads"] if rows else 0,
        "waiting_behind": rows[0]["waiting_behind"] if rows else 0,
        "longest": listed,
    }
