"""The SQL files of a database, running them in one that has nothing else, and what its catalogs say."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import psycopg2
import psycopg2.extensions

SQL = Path(__file__).resolve().parents[2] / "sql"
MIGRATIONS = SQL / "banking" / "migrations"
SCHEMA = SQL / "banking" / "schema.sql"
Rows = list[tuple[object, ...]]

CATALOGS = {
    "tables": """
        SELECT relname, relkind, relpersistence, relreplident, reloptions, relrowsecurity
        FROM pg_class WHERE relnamespace = 'public'::regnamespace
          AND relkind IN ('r', 'v', 'm', 'S', 'p', 'f', 'c') ORDER BY relname""",
    "columns": """
        SELECT c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
               pg_get_expr(d.adbin, d.adrelid), a.attgenerated, a.attidentity, a.attcollation
        FROM pg_attribute a
        JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY c.relname, a.attnum""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, contype, convalidated, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        ORDER BY 1, 2""",
    "indexes": """
        SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        ORDER BY tablename, indexname""",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(oid)
        FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2""",
    "functions": """
        SELECT proname, pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace ORDER BY proname""",
    "types": """
        SELECT typname, typtype FROM pg_type
        WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd', 'r')
        ORDER BY typname""",
    "grants": """
        SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants
        WHERE table_schema = 'public' AND grantee <> current_user ORDER BY 1, 2, 3""",
    "column_grants": """
        SELECT attrelid::regclass::text, attname, attacl::text FROM pg_attribute
        WHERE attacl IS NOT NULL
          AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
        ORDER BY 1, 2""",
    "extensions": "SELECT extname FROM pg_extension ORDER BY extname",
}


def run(url: str, sql: str) -> Rows:
    """Run SQL in one transaction; the rows of its last statement."""
    with closing(psycopg2.connect(url)) as connection, connection:
        return _rows(connection, sql)


def catalog(url: str) -> dict[str, Rows]:
    """Everything that makes two schemas equal or not, by kind."""
    with closing(psycopg2.connect(url)) as connection, connection:
        return {kind: _rows(connection, sql) for kind, sql in CATALOGS.items()}


def _rows(connection: psycopg2.extensions.connection, sql: str) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []
