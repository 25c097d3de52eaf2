"""Databases of a package of tests, empty before each test.

Most tests touch few of their tables. Only what a test has touched is emptied, over connections that stay
open. What an earlier test left must not decide the plans of a later one. So a table that has grown or
was counted is truncated, and the server counts none by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg2
from psycopg2 import sql

from tests.support.reused_database import PAGES

_TABLES = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""
_TOUCHED = """
SELECT relname, pg_relation_size(oid) / current_setting('block_size')::int > %s OR reltuples <> -1
FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'migration_history'
      AND (pg_relation_size(oid) > 0 OR reltuples <> -1)
"""
_SEQUENCES = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
FROM pg_sequences WHERE last_value IS NOT NULL
"""
_COUNTED = "DELETE FROM pg_statistic WHERE starelid = ANY (%s::regclass[])"


class EmptiedDatabases:
    """`urls` are each database's address with the server's master as user."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._connections = {name: psycopg2.connect(url) for name, url in urls.items()}
        for connection in self._connections.values():
            with connection, connection.cursor() as master:
                master.execute(_TABLES)
                for (table,) in master.fetchall():
                    alter = sql.SQL("ALTER TABLE {} SET (autovacuum_enabled = false)")
                    master.execute(alter.format(sql.Identifier(table)))

    def empty(self) -> None:
        """Remove all rows but those of the migrations; sequences begin again."""
        for connection in self._connections.values():
            with connection, connection.cursor() as master:
                _empty(master)

    def close(self) -> None:
        """End the connections."""
        for connection in self._connections.values():
            connection.close()


def _empty(master: Any) -> None:
    master.execute(_TOUCHED, (PAGES,))
    touched = master.fetchall()
    grown = [table for table, has_grown in touched if has_grown]
    small = [table for table, has_grown in touched if not has_grown]
    if grown:
        tables = sql.SQL(", ").join(map(sql.Identifier, grown))
        master.execute(sql.SQL("TRUNCATE {} CASCADE").format(tables))
        master.execute(_COUNTED, (grown,))
    if small:
        master.execute("SET LOCAL session_replication_role = replica")  # no triggers, no references
    for table in small:
        master.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    master.execute(_SEQUENCES)
