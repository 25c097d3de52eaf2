"""The database that tests get one after the other is always as the migrations left it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg2
import pytest

from tests.support.reused_database import ReusedDatabase
from tests.support.schemas import run

CONTENTS = """
SELECT (SELECT json_agg(c ORDER BY name) FROM consumers c)::text,
       (SELECT json_agg(h ORDER BY name) FROM migration_history h)::text,
       (SELECT count(*) FROM customers)
"""
SETTING = """
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = %L', current_database(), 'UTC'); END $$
"""
MANY = (
    "INSERT INTO customers (consumer_id, name) SELECT consumer_id, repeat('x', 200) FROM consumers"
)

MANY_CONSUMERS = "INSERT INTO consumers (name) SELECT 'many' || n FROM generate_series(1, 5000) n"
STATE = """
SELECT relname, relpages, reltuples, pg_relation_size(oid) / 8192 FROM pg_class
WHERE relname IN ('customers', 'consumers') ORDER BY relname
"""


LEFT_ALONE = """
ALTER TABLE customers SET (autovacuum_enabled = false);
ALTER TABLE consumers SET (autovacuum_enabled = false)
"""


class Copies:
    """Makes copies and counts them. The server's own analysing would lead to one more."""

    def __init__(self, copy: Callable[[str], str]) -> None:
        self._copy = copy
        self.made = 0

    def __call__(self) -> str:
        self.made += 1
        url = self._copy("DATABASE_URL")
        run(url, LEFT_ALONE)
        return url


@pytest.fixture
def copies(copy_database: Callable[[str], str]) -> Copies:
    return Copies(copy_database)


@pytest.fixture
def database(copies: Copies) -> Iterator[ReusedDatabase]:
    database = ReusedDatabase(copies)
    yield database
    database.close()


def test_rows_are_as_before(copies: Copies, database: ReusedDatabase) -> None:
    before = run(database.fresh(), CONTENTS)
    run(database.fresh(), f"{MANY}; DELETE FROM migration_history; UPDATE consumers SET name = 'x'")

    assert run(database.fresh(), CONTENTS) == before
    assert copies.made == 1


def test_use_after_use_makes_no_copy(copies: Copies, database: ReusedDatabase) -> None:
    for _ in range(30):
        run(database.fresh(), "UPDATE consumers SET name = 'x'")

    assert copies.made == 1


@pytest.mark.parametrize("table", ["customers", "consumers"])
def test_grown_table_is_as_new(copies: Copies, database: ReusedDatabase, table: str) -> None:
    before = run(database.fresh(), CONTENTS)
    state = run(database.fresh(), STATE)
    run(database.fresh(), f"{MANY} CROSS JOIN generate_series(1, 5000)")
    if table == "consumers":  # others refer to it
        run(database.fresh(), MANY_CONSUMERS)

    assert run(database.fresh(), CONTENTS) == before
    assert run(database.fresh(), STATE) == state
    assert copies.made == 1


def test_sessions_are_ended(copies: Copies, database: ReusedDatabase) -> None:
    with closing(psycopg2.connect(database.fresh())) as left, left.cursor() as cursor:
        cursor.execute("LOCK TABLE customers")

        database.fresh()

        with pytest.raises(psycopg2.OperationalError):
            cursor.execute("SELECT 1")
    assert copies.made == 1


def test_lost_connection_makes_a_copy(copies: Copies, database: ReusedDatabase) -> None:
    run(
        database.fresh(),
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )

    run(database.fresh(), CONTENTS)

    assert copies.made == 2


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE mine (x integer)",
        "ALTER TABLE customers ADD COLUMN mine text",
        "ALTER TABLE customer_events DISABLE TRIGGER ALL",
        "CREATE SCHEMA mine",
        "REVOKE SELECT ON customers FROM fintegrate_app",
        SETTING,
        f"{MANY} CROSS JOIN generate_series(1, 50); ANALYZE customers",
    ],
    ids=["table", "column", "trigger", "schema", "right", "setting", "statistics"],
)
def test_more_than_rows_makes_a_copy(copies: Copies, database: ReusedDatabase, change: str) -> None:
    run(database.fresh(), change)

    database.fresh()

    assert copies.made == 2
