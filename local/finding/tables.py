"""Every table and column of a PostgreSQL database, read once for the text. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
from psycopg2 import sql

from local.finding.places import Found, Place, Wanted

_COLUMNS = """
SELECT n.nspname, c.relname, array_agg(a.attname ORDER BY a.attnum),
       array_agg(a.atttypid = 'bytea'::regtype ORDER BY a.attnum)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'm') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
GROUP BY 1, 2
ORDER BY 1, 2
"""
LOCK_TIMEOUT_MS = 5_000
_AS_TEXT = "lower({}::text)"
_AS_BYTES = "lower(encode({}, 'escape'))"
"""Bytes of other characters than ASCII become `\\ooo`, in the column and in what is looked for."""
_ESCAPED = "encode(convert_to({}, 'UTF8'), 'escape')"


def databases_of(url: str) -> list[str]:
    """The names of all databases of a server that can be connected to."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1"
        )
        return [name for (name,) in cursor.fetchall()]


def find_in_tables(url: str, name: str, wanted: Wanted, found: Found) -> None:
    """Look into the database at `url`; `name` is what it is called in the answer."""
    try:
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            connection.set_session(readonly=True, autocommit=True)
            cursor.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
            cursor.execute(_COLUMNS)
            for row in cursor.fetchall():
                found.places.extend(_in_table(cursor, name, row, wanted))
    except psycopg2.Error as error:  # such as one that is dropped, or a table that is rewritten
        said = str(error).partition("\n")[0]
        found.left_out.append(f"the rest of the database {name}: {said}")


def _in_table(cursor: Any, name: str, row: tuple[Any, ...], wanted: Wanted) -> Iterator[Place]:
    schema, table, columns, are_bytes = row
    cursor.execute(_query(schema, table, zip(columns, are_bytes, strict=True), wanted))
    shown = table if schema == "public" else f"{schema}.{table}"
    for column, count in zip(columns, cursor.fetchall()[0], strict=True):
        if count:
            yield Place("table", f"{name} {shown}.{column}", count)


def _query(
    schema: str, table: str, columns: Iterator[tuple[str, bool]], wanted: Wanted
) -> sql.Composed:
    counts = [_count(column, wanted, is_bytes=is_bytes) for column, is_bytes in columns]
    return sql.SQL("SELECT {} FROM {}").format(
        sql.SQL(", ").join(counts), sql.Identifier(schema, table)
    )


def _count(column: str, wanted: Wanted, *, is_bytes: bool) -> sql.Composed:
    content = sql.SQL(_AS_BYTES if is_bytes else _AS_TEXT).format(sql.Identifier(column))
    texts = [
        sql.SQL(_ESCAPED).format(sql.Literal(each)) if is_bytes else sql.Literal(each)
        for each in wanted.texts
    ]
    holds = [sql.SQL("position({} IN {}) > 0").format(each, content) for each in texts]
    return sql.SQL("count(*) FILTER (WHERE {})").format(sql.SQL(" OR ").join(holds))
