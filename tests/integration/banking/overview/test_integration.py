"""GET /consumer/integration: what a bank's integrator needs, and the steps that are done."""

from __future__ import annotations

import json
from collections.abc import Callable

from local.machine.checkout import ROOT
from tests.support.api import Api
from tests.support.banking import Bank, parts_with
from tests.support.fixtures import Query
from tests.support.schedules import run_schedule


def done(bank: Bank) -> dict[str, bool | None]:
    answer = bank.api.get("/consumer/integration").data
    return {step["step"]: step["done"] for step in answer["steps"]}


def test_steps_follow_the_integration(bank: Bank, query: Query) -> None:
    assert done(bank) == {"queue": None, "connected": None, "received": False, "processed": False}
    query(
        "INSERT INTO queue_observations VALUES (%(id)s, true, 1, 0, 0, now())", id=bank.consumer_id
    )
    assert done(bank) == {"queue": True, "connected": False, "received": False, "processed": False}
    query("UPDATE queue_observations SET consumers = 1")
    bank.create_customer()
    (event,) = query(
        "SELECT event_id FROM customer_events WHERE consumer_id = %(id)s", id=bank.consumer_id
    )
    for status in ("received", "processed"):
        bank.api.post("/events/confirm-delivery", event_id=str(event["event_id"]), status=status)

    assert set(done(bank).values()) == {True}
    answer = bank.api.get("/consumer/integration").data
    assert (answer["depth"], answer["readers"]) == (1, 1)
    assert answer["last_processed_at"] >= answer["last_received_at"]


def test_last_words_outlive_the_receipts(bank: Bank, query: Query) -> None:
    query(
        "INSERT INTO stream_minutes VALUES (%(id)s, '2026-11-20T10:00:00Z', 1, 1, 1, 0, 0, 0)",
        id=bank.consumer_id,
    )
    query(
        "INSERT INTO stream_hours VALUES"
        " (%(id)s, '2026-10-20T10:00:00Z', 60, 1, 1, 1, 1, 0, 0, '{}', '{}')",
        id=bank.consumer_id,
    )

    answer = bank.api.get("/consumer/integration").data

    assert answer["last_received_at"].startswith("2026-11-20T10:00:00")
    assert answer["last_processed_at"].startswith("2026-10-20T10:00:00")


def test_addresses_hold_no_credentials(admin: Api, bank: Bank, environment: dict[str, str]) -> None:
    answer = bank.api.get("/consumer/integration").data

    assert answer["queue"] == f"customer_notification_{bank.name}"
    assert answer["arguments"]["x-queue-type"] == "quorum"
    assert [kind["routing_key"] for kind in answer["event_types"]] == [
        f"customer.{kind}.{bank.name}" for kind in ("creation", "deletion", "status_change")
    ]
    assert "@" not in answer["broker_address"]
    assert answer["access"] is None
    assert answer["key"]["key_id"]
    assert "hash" not in json.dumps(answer)
    with parts_with(environment, BROKER_ADDRESS="amqps://broker.example:5671/"):
        told = bank.api.get("/consumer/integration").data
    assert told["broker_address"] == "amqps://broker.example:5671/"


def test_schemas_are_of_the_format(admin: Api, bank: Bank) -> None:
    before = bank.api.get("/consumer/integration").data
    admin.post("/consumer/format", consumer_id=bank.consumer_id, message_format="xml")
    after = bank.api.get("/consumer/integration").data

    assert (before["message_format"], after["message_format"]) == ("json", "xml")
    folder = "docs/api/schemas"
    schemas = [kind["schema"] for kind in before["event_types"]]
    assert schemas[0] == f"{folder}/customer_creation.json"
    assert {kind["schema"] for kind in after["event_types"]} == {f"{folder}/messages.xsd"}
    assert all((ROOT / schema).is_file() for schema in (*schemas, f"{folder}/messages.xsd"))


def test_anothers_integration_is_not_found(admin: Api, make_bank: Callable[[], Bank]) -> None:
    own, other = make_bank(), make_bank()

    assert own.api.get("/consumer/integration", consumer_id=other.consumer_id).status == 404
    assert (
        admin.get("/consumer/integration", consumer_id=other.consumer_id).data["consumer_name"]
        == other.name
    )
    nobody = "2f1c9a54-8d3e-4b7a-a1c6-5e9f0b2d7c31"
    assert admin.get("/consumer/integration", consumer_id=nobody).status == 404
    assert admin.get("/consumer/integration").data["consumer_name"] == "system_default"
    run_schedule("write_minutes")
