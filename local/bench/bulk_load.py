"""Loads tables in bulk: indexes and constraints are dropped and rebuilt from their definitions.

The definitions are those of the catalogue, so the resulting table is the same as after single inserts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg2.extensions
from psycopg2 import sql

CONSTRAINTS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = %(table)s::regclass AND contype IN ('p', 'u')
"""
INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE tablename = %(table)s
  AND indexname NOT IN (SELECT conname FROM pg_constraint WHERE conrelid = %(table)s::regclass)
"""
DROP_CONSTRAINT = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
ADD_CONSTRAINT = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}")
DROP_INDEX = sql.SQL("DROP INDEX {}")
MEMORY = "SET maintenance_work_mem = '512MB'"
Cursor = psycopg2.extensions.cursor


@contextmanager
def without_indexes(cursor: Cursor, table: str) -> Iterator[None]:
    """The table has no index for the block; then it has each again, is vacuumed and analysed.

    The connection commits each statement by itself.
    """
    cursor.execute(MEMORY)
    constraints = _found(cursor, CONSTRAINTS, table)
    indexes = _found(cursor, INDEXES, table)
    of_table = sql.Identifier(table)
    for name, _ in constraints:
        cursor.execute(DROP_CONSTRAINT.format(of_table, sql.Identifier(name)))
    for name, _ in indexes:
        cursor.execute(DROP_INDEX.format(sql.Identifier(name)))
    yield
    for name, definition in constraints:
        added = (of_table, sql.Identifier(name), sql.SQL(definition))
        cursor.execute(ADD_CONSTRAINT.format(*added))
    for _, definition in indexes:
        cursor.execute(definition)
    vacuum(cursor, table)


def vacuum(cursor: Cursor, table: str) -> None:
    """Do what autovacuum would have done by now."""
    cursor.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table)))


def _found(cursor: Cursor, query: str, table: str) -> Sequence[tuple[str, str]]:
    cursor.execute(query, {"table": table})
    return cursor.fetchall()
