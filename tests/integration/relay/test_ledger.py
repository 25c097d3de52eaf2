"""Health and the ledger: what is shown of lanes, intake and keys, and what a reconciliation finds."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet

from chalicelib.relay import wiring
from chalicelib.relay.ingest.accept import SQL as ACCEPT
from chalicelib.relay.ingest.intake import SQL as INTAKE
from chalicelib.relay.ledger.gauges import gauges
from chalicelib.relay.system import SYSTEM
from fintegrate.database import Database
from tests.integration.relay.conftest import Reply, deliver
from tests.integration.relay.test_slice import EVENT
from tests.support.receiver import Receiver
from tests.support.schedules import run_schedule

Query = Callable[..., list[dict[str, Any]]]
Call = Callable[..., Reply]


@pytest.fixture
def accepted(call: Call, secret: str) -> list[int]:
    """The numbers of three events for one webhook."""
    events = [{**EVENT, "order_id": str(number)} for number in range(3)]
    reply = call("POST", "/v1/events", {"data": events}, user="oms")
    return [each["id"] for each in reply.data["results"]]


def test_ledger_of_a_quiet_relay_balances(
    call: Call, accepted: list[int], receiver: Receiver
) -> None:
    deliver()

    ledger = call("GET", "/admin/v1/reconcile").data

    assert (ledger["balanced"], ledger["total"]["accepted"]) == (True, 3)
    (lane,) = ledger["lanes"]
    assert (lane["storefront"], lane["destination"], lane["delivered"]) == ("bosley", "webhook", 3)
    assert not any(ledger["discrepancies"].values())


SABOTAGE = {
    "events_without_delivery": "DELETE FROM event_deliveries WHERE event = %(event)s",
    "attempts_without_delivery": "SELECT 1",  # those of the delivery that is gone
    "delivered_without_attempt": "DELETE FROM event_attempts WHERE event = %(event)s + 1",
    "deliveries_without_event": "INSERT INTO event_deliveries (event, lane_id)"
    " SELECT %(event)s + 100, lane_id FROM relay_lanes",
}


def test_ledger_sees_what_is_wrong(call: Call, accepted: list[int], query: Query) -> None:
    deliver()
    for sabotage in SABOTAGE.values():
        query(sabotage, event=accepted[0])

    ledger = call("GET", "/admin/v1/reconcile").data

    assert not ledger["balanced"]
    assert not ledger["lanes"][0]["balanced"]
    assert ledger["discrepancies"] == dict.fromkeys(SABOTAGE, 1)
    (lane,) = query("SELECT lane_id FROM relay_lanes")
    assert {name: rows[0]["event"] - accepted[0] for name, rows in ledger["listed"].items()} == {
        "events_without_delivery": 0,
        "attempts_without_delivery": 0,
        "delivered_without_attempt": 1,
        "deliveries_without_event": 100,
    }
    assert all(rows[0]["lane_id"] == lane["lane_id"] for rows in ledger["listed"].values())


def test_destination_that_came_later_misses_nothing(
    call: Call, accepted: list[int], query: Query
) -> None:
    """It is not due what was accepted before it, and is due what is accepted after."""
    query(
        "INSERT INTO relay_lanes (storefront_id, destination_type, destination_id, adapter,"
        " requests_per_minute, concurrency, throttle_account)"
        " SELECT storefront_id, destination_type, 99, adapter, 1, 1, 'x' FROM relay_lanes"
    )
    call("POST", "/v1/events", {"data": [{**EVENT, "order_id": "later"}]}, user="oms")

    ledger = call("GET", "/admin/v1/reconcile").data

    assert ledger["balanced"], ledger
    assert [lane["accepted"] for lane in ledger["lanes"]] == [4, 1]


def test_nobody_adds_lanes_while_one_accepts(
    call: Call, secret: str, database: Database, query: Query
) -> None:
    """So each event has a delivery for exactly the lanes that the ledger expects."""
    (shop,) = query("SELECT id FROM storefronts")
    free = "SELECT pg_try_advisory_xact_lock(1, %(id)s) AS free"
    for statement, named in (
        (ACCEPT["storefronts"], {"codes": ["bosley"]}),
        (INTAKE["storefronts"], {"ids": [], "codes": ["bosley"]}),
    ):
        with database.transaction():
            database.fetch_all(statement, named)
            assert query(free, id=shop["id"]) == [{"free": False}]
        assert query(free, id=shop["id"]) == [{"free": True}]


def test_new_destination_waits_for_who_accepts(
    call: Call, secret: str, query: Query, environment: dict[str, str], receiver: Receiver
) -> None:
    (shop,) = query("SELECT id FROM storefronts")
    (meta,) = query("SELECT id FROM ad_analytics_platforms WHERE platform_code = 'meta'")
    impatient = wiring.build({**environment, "DATABASE_LOCK_TIMEOUT_MS": "100"})
    patient = wiring.parts()
    wanted = {
        "storefront_id": shop["id"],
        "platform_id": meta["id"],
        "credentials": {"pixel_id": "1234567890", "access_token": "token"},
        "settings": {},
    }
    query("SELECT pg_advisory_lock_shared(1, %(id)s)", id=shop["id"])
    wiring.use(impatient)
    try:
        waited = call("POST", "/admin/v1/credentials", wanted)
    finally:
        impatient.close()
        wiring.use(patient)
    query("SELECT pg_advisory_unlock_shared(1, %(id)s)", id=shop["id"])

    assert waited.status == 503
    assert call("POST", "/admin/v1/credentials", wanted).status == 201


def test_lane_shows_its_trouble(call: Call, accepted: list[int], receiver: Receiver) -> None:
    receiver.answer = lambda _got: 401
    deliver()

    health = call("GET", "/admin/v1/health").data

    (lane,) = health["lanes"]
    assert (lane["state"], lane["pending_count"], lane["delivered_last_hour"]) == ("blocked", 3, 0)
    assert lane["reason"]
    assert lane["next_try_at"]
    assert lane["oldest_pending_age_seconds"] >= 0
    probe = SYSTEM.probes()["lanes"]
    probe.ask()
    assert probe.details() == {"blocked": 1, "failing": 0}
    assert run_schedule("relay_publish_metrics") == {
        "PendingDeliveries": 3,
        "OldestPendingAge": round(lane["oldest_pending_age_seconds"]),
        "BlockedLanes": 1,
        "RefusingLanes": 0,
        "OldestIntakeAge": 0,
        "UnresolvedRows": 0,
        "ForeignRows": 0,
    }


def test_rows_before_the_intake_are_counted(call: Call, secret: str, query: Query) -> None:
    for status in ("pending", "draft"):
        query(
            "INSERT INTO marketing_events (event_id, storefront_code, event_type, status)"
            " VALUES ('1', 'bosley', 'paid', %(status)s)",
            status=status,
        )

    intake = call("GET", "/admin/v1/health").data["intake"]

    assert (intake["pending_count"], intake["unresolved_count"]) == (1, 0)
    assert intake["oldest_pending_age_seconds"] >= 0
    assert intake["foreign"] == [{"status": "draft", "row_count": 1}]


def test_missing_key_is_named_with_its_rows(
    call: Call, accepted: list[int], query: Query, environment: dict[str, str]
) -> None:
    query(
        "UPDATE marketing_events SET key_id = 'gone', private_encrypted = 'x' WHERE id = %(id)s",
        id=accepted[0],
    )
    ring = json.loads(environment["RELAY_KEYS"])
    environment["RELAY_KEYS"] = json.dumps({"k2": Fernet.generate_key().decode(), **ring})

    keys = call("GET", "/admin/v1/health").data["key_ring"]

    assert keys["writing"] == "k2"
    assert [key["key_id"] for key in keys["former"]] == ["k1"]
    assert keys["former"][0]["credentials_count"] == 1
    assert keys["missing"] == [{"key_id": "gone", "credentials_count": 0, "events_count": 1}]


def test_last_reconciliation_is_a_gauge(call: Call, accepted: list[int], query: Query) -> None:
    assert run_schedule("relay_reconcile")["balanced"]
    query("DELETE FROM event_deliveries WHERE event = %(event)s", event=accepted[0])
    assert not run_schedule("relay_reconcile")["balanced"]

    found = {family.name: family for family in gauges(wiring.parts().request.database)}

    assert found["fintegrate_relay_reconcile_balanced"].values == {(): 0.0}
    assert found["fintegrate_relay_lane_pending"].values[("1", "bosley", "webhook")] == 2
