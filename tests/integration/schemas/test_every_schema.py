"""What holds for every database: its migrations lead to schema.sql, and both have their form."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fintegrate.migrations import FILE_NAME, migrate, revert
from fintegrate.system import SystemDatabase
from local.services.databases import system_databases
from tests.support.schemas import CATALOGS, SQL, catalog, run

DATABASES = system_databases()
each_database = pytest.mark.parametrize("database", DATABASES, ids=lambda each: each.name)
UNCHECKED = {
    ("event_attempts", "http_status"),
    ("relay_checks", "http_status"),
    ("webhook_tests", "http_status"),
    ("idempotency_keys", "response_status"),
    ("marketing_events", "status"),
}
"""What others write: a receiver's status, an answer's, and that of a row of the order system."""


def folder_of(database: SystemDatabase) -> Path:
    return SQL / database.folder / "migrations"


def schema_of(database: SystemDatabase) -> str:
    return (SQL / database.folder / "schema.sql").read_text(encoding="utf-8")


def files_of(database: SystemDatabase) -> list[Path]:
    """The ways forward; those with a way back have it in a file of its own."""
    return [file for file in sorted(folder_of(database).iterdir()) if DOWN not in file.name]


def way_back(file: Path) -> str:
    """The statements that undo a migration."""
    if UP in file.name:
        return file.with_name(file.name.replace(UP, DOWN)).read_text()
    comment = file.read_text().split("BEGIN;")[0].split("-- Rollback:\n")[1]
    return re.sub(r"^-- ?", "", comment, flags=re.MULTILINE)


UP, DOWN = ".up.", ".down."
FILES = [file for database in DATABASES for file in files_of(database)]


@each_database
def test_migrations_lead_to_schema_sql(
    database: SystemDatabase, empty_database: Callable[[], str]
) -> None:
    migrated, written = empty_database(), empty_database()

    migrate(migrated, folder_of(database))
    run(written, schema_of(database))

    found, expected = catalog(migrated), catalog(written)
    for kind in CATALOGS:
        assert found[kind] == expected[kind], kind


@each_database
def test_comparison_compares_something(
    database: SystemDatabase, empty_database: Callable[[], str]
) -> None:
    url = empty_database()
    run(url, schema_of(database))

    found = catalog(url)

    for kind in ("tables", "columns", "constraints", "indexes", "grants"):
        assert found[kind], kind


@each_database
def test_migrations_can_run_again(
    database: SystemDatabase, empty_database: Callable[[], str]
) -> None:
    """Each is idempotent by itself; what is not undoes or repeats nothing."""
    url = empty_database()
    migrate(url, folder_of(database))
    before, rows = catalog(url), contents(url)

    for file in files_of(database):
        run(url, file.read_text())

    assert catalog(url) == before
    assert contents(url) == rows


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parts[-3]}-{file.name}")
def test_migration_has_its_form(file: Path) -> None:
    text = file.read_text()

    assert FILE_NAME.fullmatch(file.name)
    assert text.startswith("-- ")
    assert way_back(file)
    assert text.rstrip().endswith("COMMIT;")


@each_database
def test_names_of_migrations_order_them(database: SystemDatabase) -> None:
    minutes = [file.name[: 3 if UP in file.name else 13] for file in files_of(database)]

    assert len(set(minutes)) == len(minutes)


@each_database
def test_rollbacks_leave_nothing(
    database: SystemDatabase, empty_database: Callable[[], str]
) -> None:
    url = empty_database()
    migrate(url, folder_of(database))
    for file in reversed(files_of(database)):
        run(url, way_back(file))

    left = catalog(url)
    assert [row[0] for row in left["tables"]] == ["migration_history"]
    assert left["functions"] == []


@pytest.mark.parametrize(
    "database",
    [each for each in DATABASES if UP in files_of(each)[0].name],
    ids=lambda each: each.name,
)
def test_reverted_migrations_can_be_applied_again(
    database: SystemDatabase, empty_database: Callable[[], str]
) -> None:
    url = empty_database()
    names = migrate(url, folder_of(database))
    before = catalog(url)

    assert [revert(url, folder_of(database)) for _ in names] == names[::-1]
    assert revert(url, folder_of(database)) is None
    assert [row[0] for row in catalog(url)["tables"]] == ["migration_history"]
    assert migrate(url, folder_of(database)) == names
    assert catalog(url) == before


@each_database
def test_no_foreign_keys_bind_the_tables(
    database: SystemDatabase, empty_database: Callable[[], str]
) -> None:
    url = empty_database()
    migrate(url, folder_of(database))

    assert [row for row in catalog(url)["constraints"] if row[2] == "f"] == []


@each_database
def test_times_have_zones_statuses_have_values(
    database: SystemDatabase, empty_database: Callable[[], str]
) -> None:
    url = empty_database()
    migrate(url, folder_of(database))
    found = catalog(url)
    times = {row[3] for row in found["columns"] if str(row[2]).endswith("_at")}
    statuses = {(row[0], row[2]) for row in found["columns"] if str(row[2]).endswith("status")}
    checks = [(row[0], str(row[4])) for row in found["constraints"] if row[2] == "c"]

    assert times == {"timestamp with time zone"}
    for table, column in statuses - UNCHECKED:
        assert any(t == table and f"({column} = ANY" in check for t, check in checks), column


def contents(url: str) -> dict[str, object]:
    """The rows that the migrations themselves wrote."""
    tables = [str(row[0]) for row in catalog(url)["tables"] if row[1] == "r"]
    return {table: run(url, f"SELECT * FROM {table} ORDER BY 1") for table in tables}
