"""The functions' user of banking's database: what it may not do, and how a former database gets it."""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest

from chalicelib.banking.wiring import Parts
from chalicelib.operations.migrate import apply_migrations, prepare_databases
from fintegrate.migrations import migrate
from fintegrate.system import SystemDatabase
from local.services.databases import create_database, drop_database, with_users
from local.services.running import RunningServices
from tests.support.api import Api
from tests.support.banking import Bank, new_bank, parts_with
from tests.support.schemas import MIGRATIONS, catalog, run

DATABASE = SystemDatabase("DATABASE_URL", "fintegrate", "banking")
APPEND_ONLY = (
    "customer_events",
    "customer_analytics",
    "onboardings",
    "schedule_runs",
)
REFUSED = [
    "CREATE TABLE mine (x integer)",
    "CREATE TEMPORARY TABLE mine (x integer)",
    "CREATE VIEW mine AS SELECT 1",
    "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    "CREATE DATABASE mine",
    "CREATE ROLE mine",
    "ALTER TABLE customers ADD COLUMN mine text",
    "ALTER TABLE customer_events DISABLE TRIGGER ALL",
    "ALTER TABLE customer_events DISABLE TRIGGER customer_events_no_delete",
    "ALTER TABLE customer_events OWNER TO fintegrate_app",
    "ALTER FUNCTION refuse_event_change() RENAME TO mine",
    "ALTER ROLE fintegrate_owner PASSWORD 'mine'",
    "CREATE OR REPLACE FUNCTION used_up(uuid) RETURNS text[] LANGUAGE sql AS 'SELECT NULL'",
    "DROP TRIGGER customer_events_no_delete ON customer_events",
    "DROP TABLE customers",
    "DROP OWNED BY fintegrate_owner",
    "TRUNCATE customers",
    "TRUNCATE customer_events",
    *(f"DELETE FROM {table}" for table in APPEND_ONLY),
    "UPDATE dead_letters SET body = ''",
    "SELECT * FROM migration_history",
    "INSERT INTO migration_history (name, checksum) VALUES ('mine', 'mine')",
    "DELETE FROM migration_history",
    "GRANT fintegrate_owner TO fintegrate_app",
    "SET session_replication_role = replica",
    "SET ROLE fintegrate_owner",
    "SET SESSION AUTHORIZATION fintegrate_owner",
    "COPY customers TO PROGRAM 'cat'",
]


@pytest.fixture
def app_url(parts: Parts, environment: dict[str, str]) -> str:
    """A migrated database as the functions see it; its users were made as in a deployment."""
    prepare_databases(environment)
    return environment["DATABASE_URL"]


def test_functions_work_as_that_user(parts: Parts) -> None:
    row = parts.request.database.fetch_one(
        "SELECT current_user AS name, pg_has_role(%(owner)s, 'MEMBER') AS owns",
        {"owner": DATABASE.owner_role},
    )

    assert row == {"name": DATABASE.app_role, "owns": False}


def test_more_than_statements_need_is_refused(app_url: str) -> None:
    """All at once, because a database is made for each test."""
    allowed = []
    for statement in REFUSED:
        with closing(psycopg2.connect(app_url)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            try:
                cursor.execute(statement)
            except psycopg2.errors.InsufficientPrivilege:
                continue
            allowed.append(statement)

    assert allowed == []


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_log SET created_at = created_at - interval '30 days'", "DELETE FROM audit_log"],
)
def test_trail_in_the_audit_log_stays(bank: Bank, app_url: str, statement: str) -> None:
    """What a thief with the functions' password would take away first."""
    before = run(app_url, "SELECT * FROM audit_log")

    with pytest.raises(psycopg2.errors.RestrictViolation, match="keeps its rows"):
        run(app_url, statement)

    assert before == run(app_url, "SELECT * FROM audit_log") != []


def test_consumers_stay_too(bank: Bank, app_url: str) -> None:
    """The functions may delete one that is being undone, and no other."""
    with pytest.raises(psycopg2.errors.RestrictViolation, match="only while its onboarding"):
        run(app_url, "DELETE FROM consumers")

    assert bank.api.get("/customer/list").status == 200


def test_nobody_else_enters_the_database(app_url: str, database_url: str) -> None:
    who = f"stranger_{uuid.uuid4().hex[:12]}"
    run(database_url, f"CREATE ROLE {who} LOGIN PASSWORD 'secret'")
    address = urlsplit(app_url).netloc.rpartition("@")[2]
    stranger = urlsplit(app_url)._replace(netloc=f"{who}:secret@{address}").geturl()
    try:
        with pytest.raises(psycopg2.OperationalError, match="CONNECT privilege"):
            psycopg2.connect(stranger)
    finally:
        run(database_url, f"DROP ROLE {who}")


@pytest.mark.usefixtures("parts")
def test_owner_owns_all_and_grants_the_same(
    services: RunningServices, environment: dict[str, str], empty_database: Callable[[], str]
) -> None:
    """The migrations run as the owner; run as a superuser, they grant the same."""
    fresh, by_superuser = empty_database(), empty_database()
    settings = {**environment, **with_users(services.urls, fresh)}
    prepare_databases(settings)
    apply_migrations(settings)
    migrate(by_superuser, MIGRATIONS)

    granted = [row for row in catalog(fresh)["grants"] if row[1] == DATABASE.app_role]
    assert granted == [
        row for row in catalog(by_superuser)["grants"] if row[1] == DATABASE.app_role
    ]
    assert run(
        fresh,
        "SELECT DISTINCT pg_get_userbyid(owner)::text FROM ("
        " SELECT relowner FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " UNION SELECT proowner FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        ") AS objects (owner)",
    ) == [(DATABASE.owner_role,)]


@pytest.fixture
def former(services: RunningServices, tmp_path: Path) -> Iterator[str]:
    """A database as it was before: one user, no superuser as on RDS, owns it and serves."""
    name = f"former_{uuid.uuid4().hex[:12]}"
    server = services.urls.database_url
    run(server, f"CREATE ROLE {name} LOGIN CREATEROLE CREATEDB PASSWORD 'secret'")
    url = create_database(services.urls, name)
    run(server, f"ALTER DATABASE {name} OWNER TO {name}")
    address = urlsplit(url).netloc.rpartition("@")[2]
    own = urlsplit(url)._replace(netloc=f"{name}:secret@{address}").geturl()
    for file in without_rights():
        shutil.copy(file, tmp_path)
    migrate(own, tmp_path)
    yield own
    drop_database(services.urls, name)
    run(server, f"REVOKE {DATABASE.owner_role} FROM {name}; DROP ROLE {name}")


def without_rights() -> Iterator[Path]:
    """The migrations that give nobody rights, and do not touch a table of one that does."""
    left_out: set[str] = set()
    for file in sorted(MIGRATIONS.glob("*.sql")):
        text = file.read_text()
        if "fintegrate_app" in text or left_out & set(re.findall(r"\w+", text)):
            left_out |= set(re.findall(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)", text))
        else:
            yield file


@pytest.mark.usefixtures("parts")
def test_former_database_gets_its_users(
    services: RunningServices, former: str, environment: dict[str, str]
) -> None:
    """Rows stay, the new functions go on with them, and so do those that still are the one user."""
    users = {**with_users(services.urls, former), "DATABASE_MASTER_URL": former}
    as_before = {**environment, "DATABASE_URL": former}
    settings = {**environment, **users}

    with parts_with(as_before) as parts:
        from chalicelib.banking.consumer.admin_key import install_admin_key

        key = environment["ADMIN_API_KEY"]
        install_admin_key(parts.request.database, parts.keys, key, cost=4)
        parts.request.database.close()
        bank = new_bank(Api(key))
        customer_id = bank.create_customer()

    prepare_databases(settings)
    with parts_with(as_before):  # not yet replaced
        between = bank.create_customer()
    applied = apply_migrations(settings)

    assert "20261126_1330_roles.sql" in applied
    for of in (settings, as_before):
        with parts_with(of):
            bank.create_customer()
            shown = bank.api.get("/customer/list").data["customers"]
        assert {customer_id, between} <= {each["customer_id"] for each in shown}
    prepare_databases(settings)  # again: nothing is left to do
    assert apply_migrations(settings) == []
