"""GET /metrics: for the admin, in Prometheus' format, true to the database and of all processes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from chalicelib.banking.wiring import Parts
from fintegrate import metrics_store
from local.documents import routes_of
from tests.integration.operations.conftest import Metrics
from tests.integration.operations.pages import get
from tests.support.api import Api
from tests.support.banking import Bank, parts_with
from tests.support.fixtures import Query
from tests.support.keys import new_key
from tests.support.outbox import write_pending
from tests.support.schedules import run_schedule

pytestmark = pytest.mark.usefixtures("own_counts")
NOBODY = "7b0e3b7e-5c0b-4f6e-9d55-0d6c0d1c2f10"


def test_key_may_come_as_bearer(admin: Api, bank: Bank) -> None:
    """Debian's Prometheus sends no header of another name."""
    for scheme in ("Bearer", "bearer"):
        assert get("/metrics", bearer=f"{scheme} {admin.key}").status == 200
    assert get("/metrics", bearer=f"Bearer {bank.api.key}").status == 403
    assert get("/metrics", bearer="Bearer nonsense").status == 401
    assert get("/metrics", bearer=f"Basic {admin.key}").status == 401
    assert get("/consumer/list", bearer=f"Bearer {admin.key}").status == 401


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


def test_gauges_count_waiting_and_failed(bank: Bank, metrics: Metrics, query: Query) -> None:
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


def test_requests_count_by_route_and_status(bank: Bank, metrics: Metrics) -> None:
    for _ in range(2):
        bank.api.get("/customer/data", customer_id=NOBODY)

    found = metrics()
    assert found["fintegrate_requests_total GET /customer/data 404"] == 2
    assert found["fintegrate_request_seconds_count GET /customer/data"] == 2
    assert found["fintegrate_request_seconds_bucket 30.0 GET /customer/data"] == 2


def test_other_processes_are_counted_too(
    bank: Bank, metrics: Metrics, parts: Parts, environment: dict[str, str]
) -> None:
    bank.api.get("/customer/data", customer_id=NOBODY)
    with parts_with(environment) as other:
        other.metrics.key = parts.metrics.key
        for _ in range(3):
            bank.api.get("/customer/data", customer_id=NOBODY)
        other.metrics.flush()  # as a request would that comes when the counts are due

    found = metrics()
    assert found["fintegrate_requests_total GET /customer/data 404"] == 4
    assert found["fintegrate_cold_starts_total api_handler"] == 2


def test_unlimited_request_counts_at_end(
    bank: Bank,
    metrics: Metrics,
    parts: Parts,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with parts_with(environment) as other:
        other.metrics.key = parts.metrics.key
        monkeypatch.setattr(metrics_store, "SEND_SECONDS", 0)
        get("/docs")
        Api("nonsense").get("/customer/list")
        bank.api("POST", "/customer/list")  # Chalice itself refuses the method

    found = metrics()
    assert found["fintegrate_requests_total GET /docs 200"] == 1
    assert found["fintegrate_requests_total GET /customer/list 401"] == 1
    assert found["fintegrate_requests_total POST /customer/list 405"] == 1


def test_labels_never_hold_callers_input(bank: Bank, metrics: Metrics) -> None:
    bank.api.get("/customer/data", customer_id="anything")
    routes = {
        name.split(" ")[2] for name in metrics() if name.startswith("fintegrate_requests_total")
    }

    assert routes <= set(routes_of("banking"))
    assert len(routes_of("banking")) <= 80


def test_refused_credentials_count_by_reason(bank: Bank, admin: Api, metrics: Metrics) -> None:
    for key in (None, "nonsense", new_key()):
        Api(key).get("/customer/list")
    bank.api.get("/consumer/list")
    admin.post("/consumer/deactivate-api-key", api_key=bank.api.key)
    bank.api.get("/customer/list")

    assert {
        name.removeprefix("fintegrate_auth_refusals_total "): value
        for name, value in metrics().items()
        if name.startswith("fintegrate_auth_refusals_total")
    } == {"missing": 1, "malformed": 1, "unknown": 1, "not_admin": 1, "deactivated": 1}


def test_invented_method_counts_as_other(bank: Bank, metrics: Metrics) -> None:
    bank.api("BREW", "/customer/list")

    found = metrics()
    assert found["fintegrate_requests_total other /customer/list 405"] == 1
    assert not any("BREW" in name for name in found)


def test_rate_limited_requests_are_counted(
    bank: Bank, metrics: Metrics, parts: Parts, environment: dict[str, str]
) -> None:
    limits = {"RATE_LIMIT_API_KEY_PER_MINUTE": "6", "RATE_LIMIT_API_KEY_BURST": "1"}
    with parts_with(environment, **limits) as limited:
        limited.metrics.key = parts.metrics.key
        assert [bank.api.get("/customer/list").status for _ in range(3)] == [200, 429, 429]
        limited.metrics.flush()

    assert metrics()["fintegrate_rate_limited_total api_key"] == 2


def test_idempotency_keys_are_counted_by_outcome(bank: Bank, metrics: Metrics) -> None:
    for name in ("Jane", "Jane", "John"):
        bank.api("POST", "/customer/data", {"name": name}, headers={"Idempotency-Key": "k"})

    found = metrics()
    assert found["fintegrate_idempotency_total new"] == 1
    assert found["fintegrate_idempotency_total replayed"] == 1
    assert found["fintegrate_idempotency_total conflict"] == 1


def test_published_events_are_counted_by_consumer(bank: Bank, metrics: Metrics) -> None:
    bank.create_customer()

    found = metrics()
    assert found[f"fintegrate_events_committed_total {bank.name} customer_creation"] == 1
    assert found[f"fintegrate_publish_attempts_total request {bank.name} confirmed"] == 1


def test_attempts_count_by_source_and_result(bank: Bank, metrics: Metrics, parts: Parts) -> None:
    for _ in range(parts.settings.breaker_failures):
        parts.publisher.breaker.failed()
    bank.create_customer()
    run_schedule("resend")
    parts.publisher.breaker.succeeded()
    run_schedule("resend")

    found = metrics()
    assert found[f"fintegrate_publish_attempts_total request {bank.name} breaker"] == 1
    assert found[f"fintegrate_publish_attempts_total resend {bank.name} breaker"] == 1
    assert found[f"fintegrate_publish_attempts_total resend {bank.name} confirmed"] == 1


def test_schedules_report_their_last_success(
    bank: Bank, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.time()
    run_schedule("purge")
    with monkeypatch.context() as patched:
        patched.setattr("chalicelib.banking.schedules.purge.take_all", _crash)
        with pytest.raises(RuntimeError):
            run_schedule("purge")

    found = metrics()
    assert found["fintegrate_schedule_runs_total succeeded purge"] == 1
    assert found["fintegrate_schedule_runs_total failed purge"] == 1
    assert found["fintegrate_schedule_seconds_count succeeded purge"] == 1
    assert began <= found["fintegrate_schedule_last_success_timestamp_seconds purge"] <= time.time()


def test_redis_that_is_away_is_seen(
    bank: Bank, metrics: Metrics, environment: dict[str, str]
) -> None:
    assert metrics()["fintegrate_metrics_store_up"] == 1

    with parts_with(environment, REDIS_URL="redis://127.0.0.1:1/0"):
        found = metrics()

    assert found["fintegrate_metrics_store_up"] == 0
    assert found["fintegrate_events_undelivered"] == 1
    assert not [name for name in found if name.startswith("fintegrate_requests_total")]


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


def test_ledger_shows_last_scheduled_run(bank: Bank, metrics: Metrics, query: Query) -> None:
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


def _crash(*_args: object) -> int:
    raise RuntimeError("the database is gone")
