"""A migrated database that one test after the other gets, each time as the migrations left it.

To delete a test's few rows takes a tenth of the time of making a copy. The connection stays open: a new
session reads its catalogs anew. What a test did to the schema, to settings or to statistics stays: then
the next test gets a new copy.

Deleted rows keep their pages, so tables grow from test to test. One that has grown so much that plans
could be others is truncated. The migrations' rows are written again only where a test changed them.

Redis remembers the life of a database. To it, a database that is reused has gone back: a test of
`watch_restore` makes a copy of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import psycopg2
from psycopg2.extensions import connection, cursor

_ALONE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_SEQUENCES = """
SELECT format('SELECT setval(%L, %s, %L)', format('%I.%I', schemaname, sequencename),
              coalesce(last_value, start_value), last_value IS NOT NULL)
FROM pg_sequences
"""
_CATALOGS = (
    *("pg_namespace", "pg_class", "pg_attribute", "pg_attrdef", "pg_constraint", "pg_trigger"),
    *("pg_proc", "pg_type", "pg_rewrite", "pg_policy", "pg_default_acl", "pg_extension"),
)
_FORM = f"""
SELECT {", ".join(f"(SELECT (count(*), max(xmin::text::bigint))::text FROM {n})" for n in _CATALOGS)},
       (SELECT string_agg(xmin::text, ' ') FROM pg_database WHERE datname = current_database()),
       (SELECT string_agg(s::text, ' ' ORDER BY s::text) FROM pg_db_role_setting s
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())),
       (SELECT (sum(relpages), sum(reltuples))::text FROM pg_class
        WHERE relnamespace = 'public'::regnamespace)
"""
_USED = """
SELECT oid::regclass::text, pg_relation_size(oid) / current_setting('block_size')::int FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0 ORDER BY 1
"""
PAGES = 10
"""PostgreSQL plans for at least so many pages of a table that has no statistics."""


class ReusedDatabase:
    """`copy` makes a new copy, in place of the former, and returns its address."""

    def __init__(self, copy: Callable[[], str]) -> None:
        self._copy = copy
        self._url = ""
        self._connection: connection | None = None

    def fresh(self) -> str:
        """The address of the database, as the migrations left it, with nobody else in it."""
        if not self._restored():
            self.close()
            self._url = self._copy()
            self._connection = psycopg2.connect(self._url)
            with self._connection, self._connection.cursor() as master:
                self._remember(master)
        return self._url

    def close(self) -> None:
        """End the connection."""
        if self._connection:
            self._connection.close()

    def _remember(self, master: cursor) -> None:
        self._sequences = [statement for (statement,) in _rows(master, _SEQUENCES)]
        self._form = _rows(master, _FORM)
        self._contents = {
            str(table): _text(master, str(table)) for table, _pages in _rows(master, _USED)
        }

    def _restored(self) -> bool:
        """Undo what was done to rows; False if more was done, or if there is no database yet."""
        if not self._connection:
            return False
        try:
            with self._connection, self._connection.cursor() as master:
                return self._undo(master)
        except (
            psycopg2.OperationalError,
            psycopg2.InterfaceError,
        ):  # ended by a test, or its server
            return False

    def _undo(self, master: cursor) -> bool:
        master.execute(_ALONE)
        used = dict(_rows(master, _USED))
        if _rows(master, _FORM) != self._form:
            return False
        master.execute("SET session_replication_role = replica")
        if grown := [table for table, pages in used.items() if pages > PAGES]:
            master.execute(f"TRUNCATE {', '.join(grown)} CASCADE")
            self._form = _rows(master, _FORM)  # their files are new
        kept = self._contents
        changed = [table for table in kept if _text(master, table) != kept[table]]
        written = [table for table in used if table not in kept or table in changed]
        if written:
            master.execute("; ".join(f"DELETE FROM {table}" for table in written))
        for table in changed:
            master.copy_expert(f"COPY {table} FROM STDIN", StringIO(kept[table]))
        for statement in self._sequences:
            master.execute(statement)
        return True


def _text(master: cursor, table: str) -> str:
    text = StringIO()
    master.copy_expert(f"COPY {table} TO STDOUT", text)
    return text.getvalue()


def _rows(master: cursor, statement: str) -> list[tuple[Any, ...]]:
    master.execute(statement)
    return list(master.fetchall())
