"""A checkout whose systems have a database each."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import psycopg2
import pytest

from tests.integration.local.machine.copies import Copy


def tables(url: str) -> set[str]:
    """The tables of a database, but for the migrations' own."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name for (name,) in cursor.fetchall()} - {"migration_history"}


@pytest.mark.night_long
def test_each_database_has_its_migrations(copy: Callable[[str], Copy]) -> None:
    only = copy("only")
    only.run("up")
    env = only.env()
    assert tables(env["LETTERS_DATABASE_URL"]) == {"letters"}
    assert tables(env["PARCELS_DATABASE_URL"]) == {"parcels"}
    assert env["LETTERS_KEY"] == "a-key-made-up"

    only.add_migration("letters", 2, "CREATE TABLE stamps (id bigint)")
    only.add_migration("parcels", 2, "CREATE TABLE labels (id bigint); SELECT 1 / 0")
    output = only.run("up", status=1)

    assert "20260101_0002_change.sql, line 2, 'SELECT 1 / 0" in output
    assert tables(env["LETTERS_DATABASE_URL"]) == {"letters", "stamps"}
    assert tables(env["PARCELS_DATABASE_URL"]) == {"parcels"}
