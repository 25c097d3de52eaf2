"""Looks into a database without the functions."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import psycopg2
from psycopg2.extras import RealDictCursor


def rows(database_url: str, sql: str, **parameters: object) -> list[dict[str, Any]]:
    """The rows of a statement, in a transaction of its own."""
    with (
        closing(psycopg2.connect(database_url)) as connection,
        connection,
        connection.cursor(cursor_factory=RealDictCursor) as cursor,
    ):
        cursor.execute(sql, parameters or None)
        return [dict(row) for row in cursor.fetchall()] if cursor.description else []
