"""A database's owner and its application are made, given everything, and never more than they need."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest

from fintegrate.roles import RolesNotMade, Users, make_roles, prepare
from fintegrate.settings import SettingsError
from local.services.databases import drop_database
from local.services.running import RunningServices

OWNERS = """
SELECT relname::text, pg_get_userbyid(relowner)::text FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'S', 'p')
UNION SELECT proname, pg_get_userbyid(proowner) FROM pg_proc
WHERE pronamespace = 'public'::regnamespace
UNION SELECT typname, pg_get_userbyid(typowner) FROM pg_type
WHERE typnamespace = 'public'::regnamespace"""
OBJECTS = """
CREATE TABLE letters (id bigserial PRIMARY KEY, other bigint GENERATED ALWAYS AS IDENTITY);
CREATE TABLE "Odd; name" (x integer) PARTITION BY LIST (x);
CREATE TABLE part PARTITION OF "Odd; name" FOR VALUES IN (1);
CREATE VIEW seen AS SELECT id FROM letters;
CREATE MATERIALIZED VIEW kept AS SELECT id FROM letters;
CREATE SEQUENCE alone;
CREATE TYPE mood AS ENUM ('good');
CREATE TYPE pair AS (x integer, y integer);
CREATE DOMAIN short AS text;
CREATE FUNCTION twice(x integer, y text DEFAULT '') RETURNS integer LANGUAGE sql AS 'SELECT 2 * x';
CREATE PROCEDURE done() LANGUAGE sql AS 'SELECT 1';
INSERT INTO letters DEFAULT VALUES
"""


def run(url: str, statement: str) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description is not None else []


def as_user(url: str, name: str, password: str = "secret") -> str:
    address = urlsplit(url).netloc.rpartition("@")[2]
    return urlsplit(url)._replace(netloc=f"{name}:{password}@{address}").geturl()


@pytest.fixture
def database_url(empty_database: Callable[[], str]) -> str:
    """A database with nothing in it, as a superuser sees it."""
    return empty_database()


@pytest.fixture
def users(database_url: str) -> Iterator[Users]:
    """A database of its own master, who is no superuser, as on RDS; the others do not exist yet."""
    unique = uuid.uuid4().hex[:12]
    master, owner, app = (f"{name}_{unique}" for name in ("master", "owner", "app"))
    name = urlsplit(database_url).path.lstrip("/")
    run(database_url, f"CREATE ROLE {master} LOGIN CREATEROLE CREATEDB PASSWORD 'secret'")
    run(database_url, f"ALTER DATABASE {name} OWNER TO {master}")
    yield Users(*(as_user(database_url, each) for each in (master, owner, app)))
    run(database_url, f"ALTER DATABASE {name} OWNER TO CURRENT_USER")
    for role in (app, owner, master):
        if run(database_url, f"SELECT FROM pg_roles WHERE rolname = '{role}'"):
            run(database_url, f"REASSIGN OWNED BY {role} TO CURRENT_USER; DROP OWNED BY {role}")
            run(database_url, f"DROP ROLE {role}")


def name_of(url: str) -> str:
    return urlsplit(url).username or ""


def test_everything_is_handed_to_the_owner(users: Users) -> None:
    run(users.master_url, OBJECTS)

    prepare(users)

    owners = run(users.owner_url, OWNERS)
    assert len(owners) > 15
    assert {owner for _, owner in owners} == {name_of(users.owner_url)}
    assert run(users.owner_url, "SELECT id FROM letters") == [(1,)]
    run(users.owner_url, 'ALTER TABLE letters ADD COLUMN later text; DROP TABLE "Odd; name"')


def test_application_gets_nothing_by_itself(users: Users) -> None:
    run(users.master_url, OBJECTS)
    run(users.master_url, "GRANT CREATE ON SCHEMA public TO PUBLIC")

    prepare(users)

    for statement in ("SELECT * FROM letters", "CREATE TABLE x ()", "CREATE TEMPORARY TABLE x ()"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            run(users.app_url, statement)
    run(users.owner_url, f"GRANT SELECT ON letters TO {name_of(users.app_url)}")
    assert run(users.app_url, "SELECT id FROM letters") == [(1,)]


def test_master_goes_on_with_what_it_gave(users: Users) -> None:
    run(users.master_url, OBJECTS)
    prepare(users)

    run(
        users.master_url,
        "INSERT INTO letters DEFAULT VALUES; ALTER TABLE letters ADD COLUMN x text",
    )
    run(users.master_url, "CREATE TABLE by_master (x integer)")
    prepare(users)

    assert {owner for _, owner in run(users.owner_url, OWNERS)} == {name_of(users.owner_url)}


def test_new_password_reaches_the_server(users: Users) -> None:
    prepare(users)
    renewed = as_user(users.app_url, name_of(users.app_url), "another")

    prepare(users._replace(app_url=renewed))

    assert run(renewed, "SELECT 1") == [(1,)]
    with pytest.raises(psycopg2.OperationalError, match="password"):
        run(users.app_url, "SELECT 1")


def test_applications_own_settings_are_undone(users: Users, database_url: str) -> None:
    """Any role may give itself settings, which would outlast whatever made a function do it."""
    prepare(users)
    app, database = name_of(users.app_url), urlsplit(database_url).path.lstrip("/")
    run(users.app_url, f"ALTER ROLE {app} IN DATABASE {database} SET search_path = nowhere")
    run(users.app_url, f"ALTER ROLE {app} SET default_transaction_read_only = on")

    prepare(users)

    shown = "SELECT current_setting('default_transaction_read_only'), current_schema()"
    assert run(users.app_url, shown) == [("off", "public")]


def test_server_never_sees_a_password(users: Users, database_url: str) -> None:
    prepare(users)

    stored = run(
        database_url,
        f"SELECT rolpassword FROM pg_authid WHERE rolname = '{name_of(users.app_url)}'",
    )
    assert stored[0][0].startswith("SCRAM-SHA-256$")
    assert "secret" not in repr(users.app_url.split("@")[1])


def test_preparations_at_once_take_turns(users: Users) -> None:
    run(users.master_url, OBJECTS)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: prepare(users), range(4)))

    assert {owner for _, owner in run(users.owner_url, OWNERS)} == {name_of(users.owner_url)}


def test_interrupted_hand_over_is_finished(users: Users) -> None:
    """A reader holds the last table: requests are not kept waiting behind the step."""
    run(users.master_url, OBJECTS)
    with closing(psycopg2.connect(users.master_url)) as reader, reader.cursor() as cursor:
        cursor.execute("SELECT * FROM seen")
        with pytest.raises(RolesNotMade, match="lock timeout"):
            prepare(users)
        half = {owner for _, owner in run(users.master_url, OWNERS)}

    prepare(users)

    assert half == {name_of(users.owner_url), name_of(users.master_url)}
    assert {owner for _, owner in run(users.owner_url, OWNERS)} == {name_of(users.owner_url)}


def test_missing_database_is_created(users: Users, services: RunningServices) -> None:
    name = f"missing_{uuid.uuid4().hex[:12]}"
    missing = Users(*(urlsplit(url)._replace(path=f"/{name}").geturl() for url in users))
    try:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: prepare(missing, name), range(2)))
        run(missing.owner_url, "CREATE TABLE a (x integer)")
    finally:
        drop_database(services.urls, name)


def test_mistyped_database_is_not_created(users: Users, database_url: str) -> None:
    name = f"mistyped_{uuid.uuid4().hex[:12]}"
    mistyped = Users(*(urlsplit(url)._replace(path=f"/{name}").geturl() for url in users))

    with pytest.raises(psycopg2.OperationalError):
        prepare(mistyped, "fintegrate")

    assert run(database_url, f"SELECT FROM pg_database WHERE datname = '{name}'") == []


@pytest.mark.parametrize("attribute", ["SUPERUSER", "CREATEROLE", "CREATEDB", "BYPASSRLS"])
def test_mighty_role_is_refused(users: Users, database_url: str, attribute: str) -> None:
    mighty = name_of(users.app_url)
    run(database_url, f"CREATE ROLE {mighty} {attribute}")

    with pytest.raises(RolesNotMade, match=rf"{mighty}|superuser"):
        prepare(users)


def test_member_of_the_owner_is_refused(users: Users, database_url: str) -> None:
    prepare(users)
    run(database_url, f"GRANT {name_of(users.owner_url)} TO {name_of(users.app_url)}")

    with pytest.raises(RolesNotMade, match="is a member of"):
        make_roles(users)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda u: u._replace(app_url=u.owner_url), "two users"),
        (lambda u: u._replace(owner_url=u.master_url), "two users"),
        (lambda u: u._replace(app_url=f"{u.app_url}x"), "two databases"),
    ],
)
def test_mixed_up_addresses_are_refused(
    users: Users, change: Callable[[Users], Users], words: str
) -> None:
    with pytest.raises(RolesNotMade, match=words) as refusal:
        prepare(change(users))

    assert "secret" not in str(refusal.value)


def test_unreadable_address_is_not_repeated(users: Users) -> None:
    with pytest.raises(SettingsError) as refusal:
        prepare(users._replace(app_url="postgresql://app:se/cret@host/x"))

    assert "cret" not in str(refusal.value).replace("secret", "")


def test_statements_are_not_compiled(users: Users) -> None:
    """The planner guesses the cost of large tables high; compiling alone took half a second."""
    prepare(users)

    assert run(users.app_url, "SHOW jit") == [("off",)]
