"""Connections that a process must not keep: to a server that is demoted, ends or starts."""

from __future__ import annotations

from contextlib import suppress

import pytest

from fintegrate.database import ConnectionLost, Database
from fintegrate.errors import Busy

FAIL = "DO $$ BEGIN RAISE EXCEPTION 'as the test wants' USING ERRCODE = '{}'; END $$"
BACKEND = "SELECT pg_backend_pid() AS pid"
GONE = {
    "read_only_sql_transaction": "25006",
    "idle_in_transaction_session_timeout": "25P03",
    "connection_failure": "08006",
    "admin_shutdown": "57P01",
    "crash_shutdown": "57P02",
    "cannot_connect_now": "57P03",
}
BUSY = {"disk_full": "53100", "lock_not_available": "55P03", "query_canceled": "57014"}


def backend(database: Database) -> object:
    row = database.fetch_one(BACKEND, {})
    assert row
    return row["pid"]


@pytest.mark.parametrize("code", GONE.values(), ids=GONE)
def test_connection_to_ending_server_is_dropped(database: Database, code: str) -> None:
    before = backend(database)

    with pytest.raises(ConnectionLost) as caught:
        database.execute(FAIL.format(code), {})

    assert caught.value.headers["Retry-After"]
    assert backend(database) != before


@pytest.mark.parametrize("code", BUSY.values(), ids=BUSY)
def test_connection_to_busy_server_is_kept(database: Database, code: str) -> None:
    before = backend(database)

    with pytest.raises(Busy):
        database.execute(FAIL.format(code), {})

    assert backend(database) == before


def test_demoted_server_is_left_at_once(database: Database) -> None:
    before = backend(database)
    database.execute("SET default_transaction_read_only = on", {})  # it tells the client

    assert backend(database) != before


def test_refused_write_runs_again(database: Database) -> None:
    """A write that a read-only server refused has not run, so it may run on another connection."""
    before = backend(database)

    refused_here = f"""
        DO $$ BEGIN
            IF pg_backend_pid() = {before} THEN
                RAISE EXCEPTION 'demoted' USING ERRCODE = '25006';
            END IF;
        END $$"""
    database.execute(refused_here, {})

    assert backend(database) != before


def mark_after_loss(database: Database) -> None:
    with database.transaction():
        with suppress(ConnectionLost):
            database.execute(FAIL.format("25006"), {})
        database.execute("INSERT INTO marks VALUES (1)", {})


def test_refused_transaction_is_not_split(database: Database) -> None:
    """What follows a lost connection must not commit by itself on a new one."""
    database.execute("CREATE TABLE marks (mark integer)", {})

    with pytest.raises(ConnectionLost):
        mark_after_loss(database)

    assert database.fetch_all("SELECT mark FROM marks", {}) == []
