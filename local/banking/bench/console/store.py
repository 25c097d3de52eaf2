"""The store of the console's measurements: millions of events, kept on disk between runs.

It is filled once for a size and for what the statements say, and migrated when it is opened. The newest
ten minutes and the counted history end now, so each run writes them again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from chalicelib.banking.tenants import ADMIN_ID
from chalicelib.operations.migrate import apply_migrations, prepare_databases
from fintegrate.console.flows import EVERYTHING
from fintegrate.queries import load_queries
from local.banking.bench.api import post_with
from local.banking.bench.databases import own_parts
from local.bench.bulk_load import Cursor, vacuum, without_indexes
from local.services.databases import address_of, create_database
from local.services.urls import ServiceUrls

NAME = "bench_console"
LARGEST = "bench_bank_01"
SQL = load_queries(Path(__file__).with_suffix(".sql"))
EVENTS = int(os.environ.get("BENCH_CONSOLE_EVENTS", "5_000_000"))
CREATES_PER_S = int(os.environ.get("BENCH_CONSOLE_CREATES", "100"))
"""How much happens in the newest ten minutes, and while the store is open."""
NEWEST_SECONDS, ON_THEIR_WAY_SECONDS = 600, 3
OF_CUSTOMER = 5
DAYS = 30
SLICE = 500_000
"""The events of one statement."""
FIRST = ("shares", "banks")
IN_BULK = {
    "customers": "customers",
    "events": "customer_events",
    "receipts": "consumer_event_receipts",
    "audit": "audit_log",
}
"""Statements that write a table's rows at once, and the table."""
AFTER = {
    "tags": "customer_tags",
    "letters": "dead_letters",
    "attempts": "event_attempts",
    "replays": "replays",
}


@dataclass(frozen=True, slots=True)
class Store:
    """What requests are made with.

    Attributes:
        end_at: the end of what is kept; what happens now comes after it
        facts: ids that exist
        go_on: lets happen what has not happened since it was called last
    """

    admin_key: str = field(repr=False)
    bank_key: str = field(repr=False)
    bank_id: str
    end_at: datetime
    facts: dict[str, str]
    counts: dict[str, int]
    go_on: Callable[[], None] = field(repr=False)


@contextmanager
def store(urls: ServiceUrls, name: str = NAME, events: int = EVENTS) -> Iterator[Store]:
    """Open the store, filled first where there is none of this version; it stays when the block ends."""
    with _server(urls) as cursor:
        end_at = _kept_until(cursor, name, events)
    if end_at is None:
        end_at = _fill(urls, name, events)
    url = address_of(urls.database_url, name)
    with own_parts(url, urls) as parts, _session(url) as cursor:
        apply_migrations(os.environ)
        creates = Creates(cursor)
        _write_now(cursor, end_at, creates)
        admin_key = parts.settings.admin_api_key
        bank_id = str(_rows(cursor, "largest", name=LARGEST)[0]["consumer_id"])
        wanted = {"consumer_id": bank_id, "rotate": True}
        issued = post_with(admin_key)("/consumer/api-key", wanted)
        (facts,) = _rows(cursor, "facts", end_at=end_at)
        (counts,) = _rows(cursor, "counts")
        yield Store(admin_key, issued["api_key"], bank_id, end_at, facts, counts, creates.go_on)


def version(events: int) -> str:
    """What a kept store must have been filled by."""
    text = "".join(SQL[name] for name in (*FIRST, *IN_BULK, *AFTER))
    return f"{events} {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _kept_until(cursor: Cursor, name: str, events: int) -> datetime | None:
    """The end of the store that is there; None if it has to be filled."""
    cursor.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", (name,)
    )
    ((told,),) = cursor.fetchall() or ((None,),)
    known = json.loads(told) if told else {}
    return (
        datetime.fromisoformat(known["end_at"]) if known.get("version") == version(events) else None
    )


def _fill(urls: ServiceUrls, name: str, events: int) -> datetime:
    url, end_at = create_database(urls, name), datetime.now(UTC)
    with own_parts(url, urls):
        prepare_databases(os.environ)
        apply_migrations(os.environ)
    with _session(url) as cursor:
        write_past(cursor, events // OF_CUSTOMER, end_at)
        cursor.execute("CHECKPOINT")
    told = json.dumps({"version": version(events), "end_at": end_at.isoformat()})
    with _server(urls) as cursor:
        comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
        cursor.execute(comment.format(sql.Identifier(name), sql.Literal(told)))
    return end_at


def write_past(cursor: Cursor, customers: int, end_at: datetime) -> None:
    """Write banks, so many customers with five events each, and what became of them until `end_at`."""
    values = {"customers": customers, "end_at": end_at, "days": DAYS, "admin_id": ADMIN_ID}
    for statement in FIRST:
        cursor.execute(SQL[statement], values)
    for statement, table in IN_BULK.items():
        with without_indexes(cursor, table):
            if statement != "events":
                cursor.execute(SQL[statement], values)
                continue
            for first in range(0, customers * OF_CUSTOMER, SLICE):
                last = min(first + SLICE, customers * OF_CUSTOMER) - 1
                cursor.execute(SQL[statement], {**values, "first": first, "last": last})
    for statement, table in AFTER.items():
        cursor.execute(SQL[statement], values)
        vacuum(cursor, table)


class Creates:
    """What happens in the store while time passes."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor, self._until = cursor, time.monotonic()

    def begin(self) -> None:
        """Write those of the newest minutes."""
        self._write(NEWEST_SECONDS, ON_THEIR_WAY_SECONDS)

    def go_on(self) -> None:
        """Write those since they were written last."""
        self._write(time.monotonic() - self._until, 0)

    def _write(self, seconds: float, on_their_way: int) -> None:
        self._until = time.monotonic()
        values = {"per_second": CREATES_PER_S, "seconds": seconds, "on_their_way": on_their_way}
        self._cursor.execute(SQL["events_now"], values)


def _write_now(cursor: Cursor, end_at: datetime, creates: Creates) -> None:
    """The newest ten minutes and the counted history, in place of those of a run before."""
    values = {"end_at": end_at, "everything": EVERYTHING}
    cursor.execute("SET session_replication_role = replica")
    cursor.execute(SQL["forget_now"], values)
    was_there = cursor.rowcount > 0
    cursor.execute(SQL["forget_customers"], values)
    cursor.execute("RESET session_replication_role")
    if was_there:  # dead rows would be read by every index that had them
        for table in ("customers", "customer_events", "consumer_event_receipts"):
            vacuum(cursor, table)
    for statement in ("forget_history", "hours", "minutes", "ledger", "observations"):
        cursor.execute(SQL[statement], values)
    for table in ("stream_minutes", "stream_hours"):
        vacuum(cursor, table)
    creates.begin()


def _rows(cursor: Cursor, statement: str, **values: object) -> list[dict[str, Any]]:
    cursor.execute(SQL[statement], values)
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@contextmanager
def _server(urls: ServiceUrls) -> Iterator[Cursor]:
    with _session(urls.database_url) as cursor:
        yield cursor


@contextmanager
def _session(url: str) -> Iterator[Cursor]:
    """A session with all rights that commits each statement."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()
