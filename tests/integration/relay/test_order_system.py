"""The order system's login: it inserts events, and can do nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from secrets import token_hex
from typing import Any

import psycopg2
import pytest
from cryptography.fernet import Fernet

from chalicelib.relay.ingest.intake import Intake
from fintegrate.access.key_ring import KeyRing
from fintegrate.access.sealing import Sealing
from fintegrate.database import Database
from fintegrate.roles import MOST_GUEST_CONNECTIONS
from local.services.databases import with_users
from local.services.running import RunningServices
from tests.integration.relay.conftest import SETTING, Reply

INSERT = (
    "INSERT INTO marketing_events"
    " (event_id, storefront_code, event_type, event_payload, source_system, status)"
    " VALUES ('77', %s, 'purchase_completed', %s, 'oms', %s)"
)
PAYLOAD = json.dumps({"order_revenue": 80.79, "user": {"email": "jane@example.com"}})


@pytest.fixture
def order_system(services: RunningServices, database_url: str) -> Iterator[Callable[..., None]]:
    """Runs a statement as the order system, in a transaction of its own."""
    url = with_users(services.urls, database_url, SETTING)["RELAY_OMS_DATABASE_URL"]
    connection = psycopg2.connect(url)

    def run(sql: str, *values: object) -> None:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql, values or None)

    yield run
    connection.close()


@pytest.fixture
def intake(database: Database) -> Intake:
    ring = KeyRing("RELAY_KEYS", json.dumps({"k1": Fernet.generate_key().decode()}))
    return Intake(database, Sealing(ring))


def test_inserted_row_becomes_an_event(
    order_system: Callable[..., None],
    intake: Intake,
    make_lane: Callable[..., int],
    query: Callable[..., list[dict[str, Any]]],
) -> None:
    make_lane()
    (shop,) = query("SELECT storefront_id AS code FROM storefronts")

    order_system(INSERT, shop["code"], PAYLOAD, "pending")

    assert intake.run(20) == {"accepted": 1}
    assert query("SELECT status FROM event_deliveries") == [{"status": "pending"}]


def test_nothing_fails_its_transaction_but_a_row_without_storefront(
    order_system: Callable[..., None],
    intake: Intake,
    make_lane: Callable[..., int],
    query: Callable[..., list[dict[str, Any]]],
) -> None:
    make_lane()
    (shop,) = query("SELECT storefront_id AS code FROM storefronts")
    names = "INSERT INTO marketing_events (storefront_id, status) VALUES (999999, %s)"
    for status in ("pending", "accepted", "anything", None):
        order_system(names, status)
    order_system(INSERT, "nobody" * 1_000, json.dumps({"a": "\0"}), "pending")
    order_system(INSERT, shop["code"], "{not", "pending")
    order_system(INSERT, shop["code"], " " * 300_000, "pending")
    with pytest.raises(psycopg2.errors.CheckViolation):
        order_system("INSERT INTO marketing_events (event_id) VALUES ('1')")

    assert intake.run(20) == {"unresolved": 2, "rejected": 2, "left_alone": 3}
    reasons = query("SELECT status_reason AS why FROM marketing_events WHERE status = 'rejected'")
    assert [reason["why"].split(":")[0] for reason in reasons] == ["event_payload"] * 2


LONG = (
    "INSERT INTO marketing_events"
    " (event_id, storefront_code, event_type, event_payload, source_system, status)"
    " VALUES (%s, %s, %s, '{}', %s, %s)"
)


def test_values_of_any_length_are_judged(
    order_system: Callable[..., None],
    intake: Intake,
    make_lane: Callable[..., int],
    query: Callable[..., list[dict[str, Any]]],
    call: Callable[..., Reply],
) -> None:
    make_lane()
    (shop,) = query("SELECT storefront_id AS code FROM storefronts")
    long = token_hex(500_000)  # so that nothing can pack it into less

    order_system(LONG, long, shop["code"], long, long, "pending")
    order_system(LONG, "1", long, "paid", long, "pending")
    order_system(LONG, long, shop["code"], long, long, long)

    assert intake.run(20) == {"rejected": 1, "unresolved": 1, "left_alone": 1}
    (row,) = query("SELECT status_reason AS why FROM marketing_events WHERE status = 'rejected'")
    assert [part.split(":")[0] for part in row["why"].split("; ")] == ["event_name", "order_id"]
    listed = call("GET", "/admin/v1/events")
    read = [call("GET", "/admin/v1/events/{id}", number=each) for each in (1, 2, 3)]
    assert [answer.status for answer in (listed, *read)] == [200] * 4
    assert max(len(answer.text) for answer in (listed, *read)) < 10_000


def test_its_connections_are_bounded(
    order_system: Callable[..., None], query: Callable[..., list[dict[str, Any]]]
) -> None:
    (role,) = query("SELECT rolconnlimit AS most FROM pg_roles WHERE rolname = 'relay_oms'")
    assert role["most"] == MOST_GUEST_CONNECTIONS


FORBIDDEN = (
    "SELECT id FROM marketing_events",
    "INSERT INTO marketing_events (storefront_id) VALUES (1) RETURNING id",
    "UPDATE marketing_events SET status = 'pending'",
    "DELETE FROM marketing_events",
    "TRUNCATE marketing_events",
    "INSERT INTO marketing_events (storefront_id, accepted_at) VALUES (1, now())",
    "INSERT INTO marketing_events (storefront_id, status_reason) VALUES (1, 'so')",
    "INSERT INTO marketing_events (storefront_id, created_at) VALUES (1, '2020-01-01')",
    "INSERT INTO event_deliveries (event, lane_id) VALUES (1, 1)",
    "SELECT * FROM platform_credentials",
    "SELECT * FROM audit_log",
    "SELECT nextval('marketing_events_id_seq')",
    "SELECT setval('marketing_events_id_seq', 1)",
    "CREATE TABLE mine (x integer)",
    "CREATE TEMPORARY TABLE mine (x integer)",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "SET ROLE relay_app",
    "LOCK TABLE marketing_events IN ACCESS EXCLUSIVE MODE",
)


def test_everything_else_is_refused(order_system: Callable[..., None]) -> None:
    for forbidden in FORBIDDEN:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            order_system(forbidden)
