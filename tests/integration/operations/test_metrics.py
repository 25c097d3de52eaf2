"""GET /metrics: for the admin, in Prometheus' format, true to the database."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from chalicelib.banking.wiring import Parts
from tests.integration.operations.pages import get
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.outbox import write_pending
from tests.support.schedules import run_schedule

Metrics = Callable[[], dict[str, float]]


@pytest.fixture
def metrics(admin: Api) -> Metrics:
    """Reads all metrics; a name with its labels to its value."""

    def read() -> dict[str, float]:
        page = get("/metrics", key=admin.key)
        assert page.status == 200
        assert page.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return {
            sample.name
            + "".join(f" {value}" for _, value in sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(page.text)
            for sample in family.samples
        }

    return read


@pytest.mark.parametrize("key", [None, "nonsense"])
def test_stranger_is_refused_in_the_envelope(parts: Parts, key: str | None) -> None:
    page = get("/metrics", key=key)

    assert page.status == 401
    assert json.loads(page.text)["detail"]["status_name"] == "UNAUTHORIZED"


def test_bank_is_refused_in_the_envelope(bank: Bank) -> None:
    page = get("/metrics", key=bank.api.key)

    assert page.status == 403
    assert json.loads(page.text)["data"] == {}


def test_new_system_has_nothing_waiting(metrics: Metrics) -> None:
    found = metrics()

    assert {
        value
        for name, value in found.items()
        if name.startswith(("fintegrate_events", "fintegrate_dead", "fintegrate_consumer_"))
    } == {0}
    assert found["fintegrate_breaker_open"] == 0


def test_gauges_tell_what_waits_and_what_failed(bank: Bank, metrics: Metrics, query: Query) -> None:
    first, second, third, fourth = (bank.create_customer() for _ in range(4))
    query("UPDATE customer_events SET publish_status = 'published', published_at = now()")
    bank.api.patch("/customer/change-status", customer_id=first, status="INACTIVE")
    bank.api.patch("/customer/change-status", customer_id=second, status="INACTIVE")
    query(
        "UPDATE customer_events SET publish_status = 'pending', published_at = NULL"
        " WHERE customer_id IN (%(first)s, %(second)s)",
        first=first,
        second=second,
    )
    query(
        "UPDATE customer_events SET publish_status = 'failed', published_at = NULL"
        " WHERE customer_id = %(third)s",
        third=third,
    )
    query(
        "UPDATE customer_events SET deliver_status = 'failed' WHERE customer_id = %(fourth)s",
        fourth=fourth,
    )
    query(
        "INSERT INTO dead_letters (queue_name, reason, body, properties_json, fingerprint)"
        " VALUES ('q', 'rejected', '', '{}', 'f')"
    )

    found = metrics()

    assert found["fintegrate_events_pending"] == 4
    assert found["fintegrate_events_held_back"] == 2
    assert found["fintegrate_events_publish_failed"] == 1
    assert found["fintegrate_events_delivery_failed"] == 1
    assert found["fintegrate_events_undelivered"] == 1  # the admin's, of the bank's creation
    assert found["fintegrate_events_pending_oldest_age_seconds"] > 0
    assert found["fintegrate_events_undelivered_oldest_age_seconds"] > 0
    assert found["fintegrate_dead_letters_unmatched"] == 1


def test_open_breaker_is_seen(parts: Parts, metrics: Metrics) -> None:
    for _ in range(parts.settings.breaker_failures):
        parts.publisher.breaker.failed()

    assert metrics()["fintegrate_breaker_open"] == 1


def test_requests_are_counted_by_route_and_status(bank: Bank, metrics: Metrics) -> None:
    name = "fintegrate_requests_total GET /customer/data 404"
    before = metrics().get(name, 0)

    for _ in range(2):
        bank.api.get("/customer/data", customer_id="7b0e3b7e-5c0b-4f6e-9d55-0d6c0d1c2f10")

    assert metrics()[name] == before + 2


def test_labels_are_routes_and_never_what_callers_send(bank: Bank, metrics: Metrics) -> None:
    from app import app

    bank.api.get("/customer/data", customer_id="anything")
    paths = {
        name.split(" ")[2] for name in metrics() if name.startswith("fintegrate_requests_total")
    }

    assert paths <= set(app.routes)


def test_published_messages_are_counted(bank: Bank, metrics: Metrics) -> None:
    before = metrics()["fintegrate_publish_outcomes_total confirmed"]

    bank.create_customer()

    assert metrics()["fintegrate_publish_outcomes_total confirmed"] == before + 1


def test_each_consumer_has_its_own_gauges(
    make_bank: Callable[[], Bank], metrics: Metrics, query: Query
) -> None:
    idle, busy = make_bank(), make_bank()
    write_pending(query, busy.consumer_id, events_each=4)

    found = metrics()

    assert found[f"fintegrate_consumer_events {busy.name} pending"] == 4
    assert found[f"fintegrate_consumer_events {busy.name} waiting_behind"] == 3
    assert found[f"fintegrate_consumer_oldest_event_age_seconds {busy.name} pending"] >= 60
    assert found[f"fintegrate_consumer_events {idle.name} pending"] == 0
    assert found[f"fintegrate_consumer_oldest_event_age_seconds {idle.name} pending"] == 0


def test_dead_letters_are_told_from_failures(bank: Bank, metrics: Metrics, query: Query) -> None:
    for _ in range(3):
        bank.create_customer()
    query("UPDATE customer_events SET deliver_status = 'failed'"
          " WHERE event_type = 'customer_creation'")  # fmt: skip
    query(
        "INSERT INTO dead_letters (queue_name, event_id, reason, body, properties_json, fingerprint)"
        " SELECT 'q', event_id, 'rejected', '', '{}', 'f' FROM customer_events"
        " WHERE event_type = 'customer_creation' LIMIT 1"
    )

    found = metrics()

    assert found[f"fintegrate_consumer_events {bank.name} dead_lettered"] == 1
    assert found[f"fintegrate_consumer_events {bank.name} delivery_failed"] == 2
    assert found["fintegrate_events_delivery_failed"] == 3


def test_ledger_is_that_of_the_last_scheduled_reconciliation(
    bank: Bank, metrics: Metrics, query: Query
) -> None:
    assert not [name for name in metrics() if name.startswith("fintegrate_reconcile")]
    bank.create_customer()
    query("UPDATE customers SET event_sequence = 2")

    summary = run_schedule("reconcile")
    bank.create_customer()  # later: not in it

    found = metrics()
    assert (summary["balanced"], summary["discrepancies"], summary["committed"]) == (False, 1, 3)
    assert found[f"fintegrate_reconcile_events {bank.name} committed"] == 2
    assert found[f"fintegrate_reconcile_balanced {bank.name}"] == 0
    assert found[f"fintegrate_reconcile_discrepancies {bank.name} missing_events"] == 1
