"""Applying migrations: each once, whole or not at all, by one at a time, and never an edited one."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest

from fintegrate.migrations import Migration, MigrationFailed, migrate, read_migrations
from tests.support.schemas import MIGRATIONS, catalog, run
from tests.support.waiting import eventually

FIRST = "20260101_0000_first.sql"
SECOND = "20260102_0000_second.sql"
TAKES_AWAY = re.compile(
    r"\b(DROP (TABLE|COLUMN|FUNCTION|VIEW)|RENAME|SET NOT NULL|TRUNCATE|DELETE FROM"
    r"|ALTER COLUMN \w+ TYPE)\b",
    re.IGNORECASE,
)

LARGE = "customer_events|event_attempts|consumer_event_receipts|dead_letters|audit_log"
ADDS_CHECK = re.compile(rf"ALTER TABLE ({LARGE})\b.*\bADD CONSTRAINT\b.*\bCHECK\b", re.DOTALL)
CHECKED_AT_ONCE = {"20261127_1030_resolved_dead_letters.sql"}
"""Released before the rule."""


RELEASED = read_migrations(MIGRATIONS)


def write(folder: Path, name: str, body: str, comment: str = "-- For a test.") -> Path:
    path = folder / name
    path.write_text(f"{comment}\nBEGIN;\n{body}\nCOMMIT;\n")
    return path


def tables(url: str) -> list[object]:
    return [row[0] for row in catalog(url)["tables"]]


def test_applying_twice_changes_nothing(url: str) -> None:
    names = sorted(path.name for path in MIGRATIONS.glob("*.sql"))
    assert migrate(url, MIGRATIONS) == names
    before, history = catalog(url), run(url, "SELECT * FROM migration_history")

    assert migrate(url, MIGRATIONS) == []

    assert catalog(url) == before
    assert run(url, "SELECT * FROM migration_history") == history
    assert [row[0] for row in history] == names


def test_migrations_run_in_name_order(url: str, tmp_path: Path) -> None:
    write(tmp_path, SECOND, "ALTER TABLE a ADD COLUMN y integer;")
    write(tmp_path, FIRST, "CREATE TABLE a (x integer);")

    assert migrate(url, tmp_path) == [FIRST, SECOND]


def test_only_what_is_missing_is_applied(url: str, tmp_path: Path) -> None:
    write(tmp_path, FIRST, "CREATE TABLE a (x integer);")
    migrate(url, tmp_path)
    write(tmp_path, SECOND, "CREATE TABLE b (x integer);")

    assert migrate(url, tmp_path) == [SECOND]


def test_edited_migration_applies_nothing(url: str, tmp_path: Path) -> None:
    write(tmp_path, FIRST, "CREATE TABLE a (x integer);")
    migrate(url, tmp_path)
    write(tmp_path, FIRST, "CREATE TABLE a (x bigint);")
    write(tmp_path, SECOND, "CREATE TABLE b (x integer);")

    with pytest.raises(MigrationFailed, match=f"{FIRST}: was edited after it was applied"):
        migrate(url, tmp_path)

    assert tables(url) == ["a", "migration_history"]


def test_removed_migration_is_refused(url: str, tmp_path: Path) -> None:
    write(tmp_path, FIRST, "CREATE TABLE a (x integer);").rename(tmp_path / SECOND)
    migrate(url, tmp_path)
    (tmp_path / SECOND).unlink()

    with pytest.raises(
        MigrationFailed, match=f"{SECOND}: was applied to this database, but is not"
    ):
        migrate(url, tmp_path)


@pytest.mark.parametrize(
    "comment", ["-- additive", "-- additive\n-- And why.", "-- Why.\n-- additive"]
)
def test_older_code_tolerates_additive_ones(url: str, tmp_path: Path, comment: str) -> None:
    write(tmp_path, SECOND, "CREATE TABLE b (x integer);", comment)
    migrate(url, tmp_path)
    (tmp_path / SECOND).unlink()
    write(tmp_path, FIRST, "CREATE TABLE a (x integer);")

    assert migrate(url, tmp_path) == [FIRST]


def test_word_elsewhere_is_no_promise(url: str, tmp_path: Path) -> None:
    write(tmp_path, SECOND, "-- additive\nCREATE TABLE b (x integer);", "-- not additive")
    migrate(url, tmp_path)
    (tmp_path / SECOND).unlink()

    with pytest.raises(MigrationFailed, match="is not in the folder"):
        migrate(url, tmp_path)


def test_edited_additive_one_is_refused(url: str, tmp_path: Path) -> None:
    write(tmp_path, FIRST, "CREATE TABLE a (x integer);", "-- additive")
    migrate(url, tmp_path)
    write(tmp_path, FIRST, "CREATE TABLE a (x bigint);", "-- additive")

    with pytest.raises(MigrationFailed, match="was edited"):
        migrate(url, tmp_path)


def test_history_of_older_code_is_taken_over(url: str, tmp_path: Path) -> None:
    run(
        url,
        "CREATE TABLE migration_history (name text PRIMARY KEY, checksum text NOT NULL,"
        " applied_at timestamptz NOT NULL DEFAULT clock_timestamp())",
    )
    write(tmp_path, FIRST, "CREATE TABLE a (x integer);", "-- additive")

    assert migrate(url, tmp_path) == [FIRST]
    assert run(url, "SELECT name, additive FROM migration_history") == [(FIRST, True)]


@pytest.mark.parametrize(
    "migration",
    [migration for migration in RELEASED if migration.additive],
    ids=lambda migration: migration.name,
)
def test_additive_migration_takes_nothing_away(migration: Migration) -> None:
    assert [each.text for each in migration.statements if TAKES_AWAY.search(each.text)] == []


@pytest.mark.parametrize(
    "migration",
    [each for each in RELEASED if each.name not in CHECKED_AT_ONCE],
    ids=lambda migration: migration.name,
)
def test_large_table_is_checked_beside_writers(migration: Migration) -> None:
    """A CHECK reads the whole table. Only VALIDATE in a later migration lets others write meanwhile."""
    texts = [each.text for each in migration.statements]
    adds = [text for text in texts if ADDS_CHECK.search(text)]

    assert [text for text in adds if "NOT VALID" not in text] == []
    assert not adds or not any("VALIDATE CONSTRAINT" in text for text in texts)


FAILURES = {
    "a syntax error": (
        "SELEC 1;",
        6,
        "'SELEC 1;': syntax error at or near \"SELEC\"",
    ),
    "an unknown column deep in its statement": (
        "SELECT x\nFROM a\nWHERE nothing = 1;",
        8,
        "'SELECT x': column \"nothing\" does not exist",
    ),
    "a statement that fails when it runs": (
        "INSERT INTO a VALUES (1), (1);",
        6,
        (
            "'INSERT INTO a VALUES (1), (1);': duplicate key value violates unique constraint "
            '"a_pkey"; Key (x)=(1) already exists.'
        ),
    ),
    "a statement behind quoted semicolons": (
        "/* ; */ SELECT ';', 'it''s;', E'\\';', $$ ; ' $$, $t$ ; $$ ; $t$; -- ; '\nSELECT 1/0;",
        7,
        "'SELECT 1/0;': division by zero",
    ),
    "a block of code": (
        "DO $$\nBEGIN\n    PERFORM 1;\n    RAISE EXCEPTION 'no;';\nEND $$;",
        6,
        "'DO $$': no;",
    ),
    "a deferred constraint at the end": (
        (
            "ALTER TABLE a ADD CONSTRAINT later UNIQUE (y) DEFERRABLE INITIALLY DEFERRED;\n"
            "INSERT INTO a VALUES (3, 3), (4, 3);"
        ),
        8,
        (
            "'COMMIT': duplicate key value violates unique constraint \"later\"; "
            "Key (y)=(3) already exists."
        ),
    ),
}


@pytest.mark.parametrize("what", FAILURES)
def test_failed_migration_leaves_nothing(url: str, tmp_path: Path, what: str) -> None:
    body, line, words = FAILURES[what]
    write(tmp_path, FIRST, "CREATE TABLE a (x integer PRIMARY KEY, y integer);")
    failing = "CREATE TABLE b (x integer);\n-- A comment; with a semicolon.\n\n"
    write(tmp_path, SECOND, failing + body)

    with pytest.raises(MigrationFailed) as failure:
        migrate(url, tmp_path)

    assert str(failure.value) == f"{SECOND}, line {line}, {words}"
    assert tables(url) == ["a", "migration_history"]  # the earlier one stays, of this one nothing
    assert run(url, "SELECT name FROM migration_history") == [(FIRST,)]
    assert run(url, "SELECT * FROM a") == []


def test_mended_migration_runs_again(url: str, tmp_path: Path) -> None:
    write(tmp_path, FIRST, "CREATE TABLE a (x integer);\nSELECT nothing;")
    with pytest.raises(MigrationFailed):
        migrate(url, tmp_path)
    write(tmp_path, FIRST, "CREATE TABLE a (x integer);")

    assert migrate(url, tmp_path) == [FIRST]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("CREATE TABLE a (x integer);", "must be one BEGIN; … COMMIT; after its comment"),
        ("BEGIN;\nSELECT 1;", "must be one BEGIN; … COMMIT; after its comment"),
        ("CREATE TABLE a ();\nBEGIN;\nSELECT 1;\nCOMMIT;", "must be one BEGIN; … COMMIT;"),
        ("BEGIN;\nSELECT 1;\nCOMMIT;\nSELECT 2;", "must be one BEGIN; … COMMIT;"),
        ("BEGIN;\nSELECT 1;\nCOMMIT;\nBEGIN;\nSELECT 2;\nCOMMIT;", "line 3 ends or begins another"),
        ("BEGIN;\nROLLBACK;\nCOMMIT;", "line 2 ends or begins another one"),
    ],
)
def test_migration_must_be_one_transaction(
    url: str, tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / FIRST).write_text(text)

    with pytest.raises(MigrationFailed, match=sentence):
        migrate(url, tmp_path)

    assert tables(url) == []


@pytest.mark.parametrize(
    "name", ["first.sql", "20260101_first.sql", "20260101_0000_First.sql", "20260101_0000-x.sql"]
)
def test_name_out_of_form_is_refused(url: str, tmp_path: Path, name: str) -> None:
    write(tmp_path, name, "CREATE TABLE a (x integer);")

    with pytest.raises(
        MigrationFailed, match=f"{name}: must be named YYYYMMDD_HHMM_description.sql"
    ):
        migrate(url, tmp_path)

    assert tables(url) == []


def test_one_of_many_migrators_applies(url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(lambda _: migrate(url, MIGRATIONS), range(4)))

    assert sorted(applied, key=len)[:3] == [[], [], []]
    assert sum(map(len, applied)) == len(list(MIGRATIONS.glob("*.sql")))


def test_second_migrator_waits_for_the_first(url: str, tmp_path: Path) -> None:
    """The first stands still in the middle of its migration, at a lock that the test holds."""
    run(url, "CREATE TABLE gate (x integer)")
    write(tmp_path, FIRST, "CREATE TABLE a (x integer);\nLOCK TABLE gate;")
    gate = psycopg2.connect(url)
    waiting = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'fintegrate-migrate'
          AND wait_event_type = 'Lock'"""
    with gate.cursor() as cursor, ThreadPoolExecutor(2) as pool:
        cursor.execute("LOCK TABLE gate")
        migrators = [pool.submit(migrate, url, tmp_path) for _ in range(2)]
        eventually(lambda: run(url, waiting) == [(2,)], "one at the gate, one behind it")
        gate.rollback()
        applied = [migrator.result(timeout=60) for migrator in migrators]
    gate.close()

    assert sorted(applied) == [[], [FIRST]]


def test_killed_migrator_leaves_no_lock(url: str) -> None:
    killed = psycopg2.connect(url)
    killed.autocommit = True
    with killed.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (0x46696E74,))
    run(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    killed.close()

    assert migrate(url, MIGRATIONS)
