"""The layer's own tables: its code works on its own definition, and each system's repeat it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

import fintegrate.http
from fintegrate.database import Database, Row
from fintegrate.errors import Conflict, NotFound
from fintegrate.http.audit import AuditEntry, AuditLog
from fintegrate.http.idempotency import IdempotencyKeys

ROOT = Path(__file__).resolve().parents[3]
SERVICES = sorted((ROOT / "sql/appevents").glob("*/schema.sql"))
"""Their `idempotency_keys` are the ids of events that were acted on."""
DEFINITION = Path(next(iter(fintegrate.http.__path__))) / "tables.sql"
SCHEMAS = sorted((ROOT / "sql").glob("*/**/schema.sql"))
COLUMNS = """
SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required,
       pg_get_expr(d.adbin, d.adrelid) AS otherwise
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = to_regclass(%(table)s) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""
UNCOUNTED: Any = None
"""Metrics that nothing here counts into."""
OWNER_IN = {"banking": "consumer_id"}
"""What a system calls the owner's column, where it has a word of its own. A subject is an owner, too."""
WHO = {"owner_id", "key_id", "subject_owner_id"}
"""Columns that name a caller: a system knows of which type its callers' names are."""


def apply(url: str, file: Path) -> str:
    """Run a file in a database; its address again."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(file.read_text(encoding="utf-8"))
    return url


@pytest.fixture
def database(empty_database: Callable[[], str]) -> Iterator[Database]:
    """A database with the layer's tables and no others."""
    database = Database(apply(empty_database(), DEFINITION))
    yield database
    database.close()


def test_answer_is_replayed_to_its_owner(database: Database) -> None:
    keys = IdempotencyKeys(database)
    with database.transaction():
        assert keys.replay_or_reserve("shop 5", "once", "digest") is None
        keys.store("shop 5", "once", 201, {"letter_id": 7})

    with database.transaction():
        replayed = keys.replay_or_reserve("shop 5", "once", "digest")
        other = keys.replay_or_reserve("shop 6", "once", "digest")

    assert replayed is not None
    assert (replayed["response_status"], replayed["response_json"]) == (201, {"letter_id": 7})
    assert other is None


def test_key_of_another_request_is_refused(database: Database) -> None:
    keys = IdempotencyKeys(database)
    with database.transaction():
        keys.replay_or_reserve("shop 5", "once", "digest")

    with pytest.raises(Conflict), database.transaction():
        keys.replay_or_reserve("shop 5", "once", "another digest")


def test_action_leaves_an_audit_row(database: Database) -> None:
    entry = AuditEntry("r1", "shop 5", "basic", "POST /letters", 201, "written", "192.0.2.1")

    AuditLog(database, UNCOUNTED).write(entry)

    (row,) = database.fetch_all("SELECT * FROM audit_log", {})
    assert AuditEntry(**{name: row[name] for name in AuditEntry._fields}) == entry


def test_strangers_refusal_is_audited(database: Database) -> None:
    entry = AuditEntry("r1", None, None, "POST /letters", 401, "who are you?", None)

    AuditLog(database, UNCOUNTED).write_refusal(entry, exists=False)
    AuditLog(database, UNCOUNTED).write_refusal(
        entry._replace(status_code=NotFound.status), exists=False
    )

    assert [row["reason"] for row in database.fetch_all("SELECT * FROM audit_log", {})] == [
        "who are you?"
    ]


ALIKE = [
    pytest.param(schema, table, id=f"{table}-{schema.parent.relative_to(ROOT)}")
    for table in ("idempotency_keys", "audit_log")
    for schema in SCHEMAS
    if table == "audit_log" or schema not in SERVICES
]


@pytest.mark.parametrize(("schema", "table"), ALIKE)
def test_systems_table_is_the_layers(
    schema: Path, table: str, database: Database, empty_database: Callable[[], str]
) -> None:
    with closing(Database(apply(empty_database(), schema))) as systems:
        theirs = columns(systems, table, OWNER_IN.get(schema.parent.name, "owner_id"))

    assert theirs in ([], columns(database, table, "owner_id"))


@pytest.mark.parametrize("table", ["idempotency_keys", "inbox_attempts"])
def test_services_remember_events_alike(table: str, empty_database: Callable[[], str]) -> None:
    found = []
    for schema in SERVICES:
        with closing(Database(apply(empty_database(), schema))) as service:
            found.append(columns(service, table, "user_id"))

    assert found[0]
    assert found == [found[0]] * 6


def test_banking_has_both_tables(empty_database: Callable[[], str]) -> None:
    with closing(Database(apply(empty_database(), ROOT / "sql/banking/schema.sql"))) as banking:
        assert columns(banking, "idempotency_keys", "consumer_id")
        assert columns(banking, "audit_log", "consumer_id")


def columns(database: Database, table: str, owner: str) -> list[Row]:
    """A table's columns, by the layer's words; none when there is no such table."""
    found = database.fetch_all(COLUMNS, {"table": table})
    for column in found:
        if column["name"] in {owner, f"subject_{owner}"}:
            column["name"] = column["name"].replace(owner, "owner_id")
        if column["name"] in WHO:
            column["type"] = "of a caller's name"
    return found
