"""The functions' user may do with each table what a statement does with it, and no more."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from chalicelib import systems
from fintegrate.system import SystemDatabase
from tests.architecture.tree import FUNCTIONS, LAYER, ROOT, statements

DATABASES = [
    pytest.param(name, database, id=database.name)
    for name in systems.NAMES
    for database in systems.system_of(name).databases
]
GRANT = re.compile(r"^GRANT ([\w, ]+)\s+ON ([\w,\s]+?)\s+TO (\w+);", re.MULTILINE)
GUEST = re.compile(r"^GRANT (\w+ \([\w, ]+\)\s+ON \w+) TO (\w+);", re.MULTILINE)
COLUMNS = re.compile(r"^GRANT (\w+) \([\w, ]+\)\s+ON (\w+) TO (\w+);", re.MULTILINE)
TABLE = re.compile(r"^CREATE TABLE (\w+)", re.MULTILINE)
BODY = re.compile(r"^CREATE FUNCTION (\w+)(.*?)\$\$(.*?)\$\$;", re.DOTALL | re.MULTILINE)
AS_OWNER = {"erase_events", "move_to_archive", "replace_archive"}
"""The functions that have their owner's rights. Each is an exception that a test attacks."""
COMMENT = re.compile(r"--[^\n]*")
READS = re.compile(r"\b(?:FROM|JOIN|USING)\s+(\w+)", re.IGNORECASE)
WRITES = {
    "INSERT": re.compile(r"\bINSERT INTO (\w+)", re.IGNORECASE),
    "UPDATE": re.compile(r"(?<!FOR )(?<!KEY )(?<!DO )\bUPDATE (?!SET\b|OF\b|SKIP\b)(\w+)", re.I),
    "DELETE": re.compile(r"\bDELETE FROM (\w+)", re.IGNORECASE),
}
UPSERT = re.compile(r"\bINSERT INTO (\w+)(?:(?!\bINSERT\b).)*?\bDO UPDATE\b", re.I | re.DOTALL)
RETURNS = re.compile(r"\bINSERT INTO (\w+)(?:(?!\bINSERT\b).)*?\bRETURNING\b", re.I | re.DOTALL)
CONFLICT = re.compile(r"\bINSERT INTO (\w+)(?:(?!\bINSERT\b).)*?\bON CONFLICT \(", re.I | re.DOTALL)
LOCK = re.compile(r"\bFOR (?:NO KEY )?(?:UPDATE|SHARE)(?: OF (\w+))?", re.IGNORECASE)
Verbs = dict[str, set[str]]


def used(texts: list[str], tables: set[str]) -> Verbs:
    """The verbs that the statements need on each of the tables (PostgreSQL's notes on each command)."""
    verbs: Verbs = defaultdict(set)
    for text in texts:
        for verb, pattern in WRITES.items():
            for table in pattern.findall(text):
                verbs[table] |= {verb, "SELECT"} if verb != "INSERT" else {verb}
        for table in UPSERT.findall(text):
            verbs[table] |= {"UPDATE", "SELECT"}
        for table in (*RETURNS.findall(text), *CONFLICT.findall(text), *READS.findall(text)):
            verbs[table].add("SELECT")
        for lock in LOCK.finditer(text):
            verbs[locked(text[: lock.start()], lock[1])].add("UPDATE")
    return {table: found for table, found in verbs.items() if table in tables}


def locked(before: str, alias: str | None) -> str:
    """The table whose rows a locking clause locks: that of the alias, else the one last named."""
    named = rf"\b(?:FROM|JOIN)\s+(\w+)\s+(?:AS\s+)?{alias}\b" if alias else READS.pattern
    return str(re.findall(named, before, re.IGNORECASE)[-1])


def granted(schema: str, role: str) -> Verbs:
    verbs: Verbs = defaultdict(set)
    for what, tables, to in GRANT.findall(schema):
        assert to == role
        for table in re.split(r",\s*", tables.strip()):
            verbs[table] |= set(what.split(", "))
    for what, table, to in COLUMNS.findall(schema):
        if to == role:
            verbs[table].add(what)
    return dict(verbs)


def schema_of(database: SystemDatabase) -> str:
    return (ROOT / "sql" / database.folder / "schema.sql").read_text(encoding="utf-8")


@pytest.mark.parametrize(("system", "database"), DATABASES)
def test_grants_are_what_statements_need(system: str, database: SystemDatabase) -> None:
    schema = schema_of(database)
    tables = set(TABLE.findall(schema))
    bodies = [COMMENT.sub("", b) for name, _, b in BODY.findall(schema) if name not in AS_OWNER]
    own = [
        text
        for folder in (FUNCTIONS / system, LAYER)
        for file, _, text in statements(folder)
        if "request_hash" in schema or not file.endswith("http/idempotency.sql")
    ]

    assert granted(schema, database.app_role) == used([*own, *bodies], tables)


@pytest.mark.parametrize(("system", "database"), DATABASES)
def test_guests_may_only_insert(system: str, database: SystemDatabase) -> None:
    granted_columns = {role: what for what, role in GUEST.findall(schema_of(database))}
    given = {role: w for role, w in granted_columns.items() if role != database.app_role}

    assert given.keys() == set(database.guest_roles.values()), system
    assert all(what.startswith("INSERT (") for what in given.values()), given


@pytest.mark.parametrize(("system", "database"), DATABASES)
def test_functions_have_their_callers_rights(system: str, database: SystemDatabase) -> None:
    schema = schema_of(database)
    heads = {name: head for name, head, _ in BODY.findall(schema)}
    definers = {name for name, head in heads.items() if "SECURITY DEFINER" in head}

    assert schema.upper().count("SECURITY DEFINER") == len(definers), system
    assert definers <= AS_OWNER


@pytest.mark.parametrize("name", sorted(AS_OWNER))
def test_owners_function_is_closed(name: str) -> None:
    """Nobody but the functions' user may call it, and no caller's search path reaches into it."""
    schema = (ROOT / "sql" / "banking" / "schema.sql").read_text(encoding="utf-8")
    (head,) = (head for called, head, _ in BODY.findall(schema) if called == name)

    assert "SET search_path = pg_catalog, public, pg_temp" in head
    assert re.search(rf"^REVOKE EXECUTE ON FUNCTION {name}\([\w, ]*\) FROM PUBLIC;", schema, re.M)


@pytest.mark.parametrize(
    ("text", "verbs"),
    [
        ("SELECT 1 FROM a JOIN b ON true", {"a": {"SELECT"}, "b": {"SELECT"}}),
        ("INSERT INTO a VALUES (1)", {"a": {"INSERT"}}),
        ("INSERT INTO a VALUES (1) RETURNING x", {"a": {"INSERT", "SELECT"}}),
        ("INSERT INTO a SELECT FROM b", {"a": {"INSERT"}, "b": {"SELECT"}}),
        (
            "INSERT INTO a AS s VALUES (1) ON CONFLICT (x) DO UPDATE SET y = 1",
            {"a": {"INSERT", "SELECT", "UPDATE"}},
        ),
        ("UPDATE a SET x = 1", {"a": {"UPDATE", "SELECT"}}),
        ("DELETE FROM a USING b", {"a": {"DELETE", "SELECT"}, "b": {"SELECT"}}),
        (
            "SELECT FROM a e JOIN b ON true FOR UPDATE OF e",
            {"a": {"SELECT", "UPDATE"}, "b": {"SELECT"}},
        ),
        ("SELECT FROM a FOR NO KEY UPDATE SKIP LOCKED", {"a": {"SELECT", "UPDATE"}}),
    ],
)
def test_verbs_of_statements_are_recognised(text: str, verbs: Verbs) -> None:
    assert used([text], {"a", "b"}) == verbs
