"""GET /metrics: a consumer's events, queues and key, and how much text that is with many of them."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator

import pika
import pytest

from chalicelib.banking.broker.observations import keep
from chalicelib.banking.events import counters
from chalicelib.banking.events.topology import dead_letter_queue_name, queue_name
from chalicelib.banking.wiring import BOUNDS, Parts
from fintegrate import metrics as of_the_layer
from fintegrate.metrics import Counted
from local.banking.queue_figures import Figures
from local.documents import routes_of
from tests.integration.operations.conftest import Metrics
from tests.integration.operations.pages import get
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.broker import channel, take
from tests.support.fixtures import Query
from tests.support.monitoring import OURS, every_expression, names_in, rules
from tests.support.outbox import write_pending
from tests.support.schedules import run_schedule

pytestmark = pytest.mark.usefixtures("own_counts")
BANKS = 300
SERIES, BYTES = 15_000, 2_000_000
LABELS = {
    "by": ("request", "resend", "late", "redeliver", "replay"),
    "function": ("api_handler", "resend", "redeliver"),
    "event_type": ("customer_creation", "customer_deletion", "customer_status_change"),
    "stage": ("received", "processed"),
    "layer": ("api_key", "session"),
    "key": ("known", "unknown"),
    "reason": (*sorted(counters.DEATHS), "other"),
    "method": ("GET",),
    "outcome": ("succeeded", "failed"),
    "schedule": tuple(f"schedule_{number}" for number in range(20)),
}
"""Every value that a label has; of `outcome` and `status` those of the usual life, which are fewer."""
OUTCOMES = {
    "publish_attempts_total": ("confirmed", "nacked"),
    "idempotency_total": ("new", "replayed", "conflict"),
    "confirmations_total": ("received", "processed", "failed"),
    "replay_events_total": counters.REPLAY_OUTCOMES,
    "requests_total": ("200", "201", "401", "404", "422", "429"),
}


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    """A copy may be sent at once."""
    return {**environment, "DELIVERY_GRACE_SECONDS": "0", "QUEUE_FIGURES_DELAY_SECONDS": "0"}


def test_confirmations_count_with_their_lag(bank: Bank, metrics: Metrics, event_id: str) -> None:
    for status in ("received", "received", "processed"):
        bank.api.post("/events/confirm-delivery", event_id=event_id, status=status)

    found = metrics()
    for status in ("received", "processed"):
        assert found[f"fintegrate_confirmations_total {bank.name} {status}"] == 1
        assert found[f"fintegrate_processing_lag_seconds_count {bank.name} {status}"] == 1
        assert 0 < found[f"fintegrate_processing_lag_seconds_sum {bank.name} {status}"] < 3_600


def test_failed_confirmation_has_no_lag(bank: Bank, metrics: Metrics, event_id: str) -> None:
    said = {"event_id": event_id, "status": "failed", "failure_reason": "no such branch"}
    bank.api.post("/events/confirm-delivery", **said)

    found = metrics()
    assert found[f"fintegrate_confirmations_total {bank.name} failed"] == 1
    assert not any(name.startswith("fintegrate_processing_lag_seconds_count") for name in found)
    assert not any("branch" in name for name in found)


def test_publish_lag_counts_once(bank: Bank, metrics: Metrics, parts: Parts) -> None:
    bank.create_customer()

    found = metrics()
    assert found[f"fintegrate_publish_lag_seconds_count {bank.name}"] == 1
    assert 0 < found[f"fintegrate_publish_lag_seconds_sum {bank.name}"] < 3_600
    assert found[f"fintegrate_publish_lag_seconds_bucket {bank.name} 3600.0"] == 1


def test_copies_count_as_redeliveries(
    bank: Bank, metrics: Metrics, event_id: str, parts: Parts, rabbitmq_url: str
) -> None:
    take(rabbitmq_url, bank.name, 1)
    keep(parts.sweep_database, [Figures(queue_name(bank.name), 0, 0)], 0)
    assert bank.api.post("/events/redeliver", period_in_days=1).data["summary"]["succeeded"] == 1

    found = metrics()
    assert found[f"fintegrate_redeliveries_total redeliver {bank.name}"] == 1
    assert found[f"fintegrate_publish_lag_seconds_count {bank.name}"] == 1


@pytest.mark.parametrize(
    ("told", "label"),
    [("rejected", "rejected"), ("delivery_limit", "delivery_limit"), ("invented", "other")],
)
def test_dead_letters_count_by_reason(
    bank: Bank, metrics: Metrics, rabbitmq_url: str, told: str, label: str
) -> None:
    death = {"queue": queue_name(bank.name), "reason": told, "count": 1}
    properties = pika.BasicProperties(headers={"x-death": [death]}, message_id=str(uuid.uuid4()))
    with channel(rabbitmq_url) as ch:
        for _ in range(2):  # the broker's second delivery of one letter counts once
            ch.basic_publish("", dead_letter_queue_name(bank.name), b"{}", properties)
    run_schedule("sweep_dead_letters")

    assert metrics()[f"fintegrate_dead_letters_total {bank.name} {label}"] == 1


def test_foreign_letter_has_its_name(bank: Bank, metrics: Metrics, rabbitmq_url: str) -> None:
    with channel(rabbitmq_url) as ch:
        ch.basic_publish("", dead_letter_queue_name(bank.name), b"noise")
    run_schedule("sweep_dead_letters")

    found = metrics()
    assert found[f"fintegrate_dead_letters_total {bank.name} foreign"] == 1
    assert found[f"fintegrate_consumer_dead_letters_unmatched {bank.name}"] == 1


def test_queues_are_as_last_seen(bank: Bank, metrics: Metrics, parts: Parts) -> None:
    seen = [
        Figures(queue_name(bank.name), 7, 2, 0),
        Figures(dead_letter_queue_name(bank.name), 3, 0, 0),
    ]
    keep(parts.sweep_database, seen, 0)

    found = metrics()
    assert found[f"fintegrate_queue_messages {bank.name}"] == 9
    assert found[f"fintegrate_queue_readers {bank.name}"] == 0
    assert found[f"fintegrate_dead_letter_queue_messages {bank.name}"] == 3


@pytest.mark.parametrize("ready", [None, 7])
def test_unknown_queue_is_left_out(
    bank: Bank, metrics: Metrics, parts: Parts, ready: int | None
) -> None:
    seconds = 0 if ready is None else parts.settings.queue_observation_seconds + 1
    keep(parts.sweep_database, [Figures(queue_name(bank.name), ready, 0, None)], seconds)

    assert not [name for name in metrics() if name.startswith("fintegrate_queue_")]


def test_replays_count_by_outcome(bank: Bank, metrics: Metrics, event_id: str) -> None:
    told = {"event_ids": [event_id], "per_second": 500, "reason": "asked by the bank"}
    job = bank.api.post("/replay/data", mode="all", **told)
    assert job.status == 201, job
    assert sum(unfinished(metrics()).values()) == 1

    run_schedule("replay")

    found = metrics()
    assert set(unfinished(found).values()) == {0}
    assert found["fintegrate_replay_events_total sent"] == 1
    assert found[f"fintegrate_redeliveries_total replay {bank.name}"] == 1


def test_living_sessions_are_counted(metrics: Metrics, admin: Api) -> None:
    assert metrics()["fintegrate_console_sessions"] == 0

    admin.post("/console/session", actor="on call")

    assert metrics()["fintegrate_console_sessions"] == 1


def test_last_key_says_when_it_ends(bank: Bank, metrics: Metrics, query: Query) -> None:
    (row,) = query(
        "SELECT extract(epoch FROM expires_at)::float8 AS at FROM consumer_api_keys"
        " WHERE consumer_id = %(id)s",
        id=bank.consumer_id,
    )

    found = {name: value for name, value in metrics().items() if "api_key_expires" in name}
    assert found == {f"fintegrate_api_key_expires_timestamp_seconds {bank.name}": row["at"]}


def test_banks_beyond_the_bound_are_others(
    bank: Bank, metrics: Metrics, query: Query, admin: Api, parts: Parts
) -> None:
    many_banks(query)
    write_pending(query, bank.consumer_id, events_each=1)
    keep(parts.sweep_database, [Figures(queue_name(n), 1, 0, 1) for n in names(query)], 0)
    run_schedule("reconcile")
    count_everything(parts, names(query))

    found, page = metrics(), get("/metrics", key=admin.key).text

    consumers = set(names(query))
    for family in {name.split(" ")[0] for name in found}:
        own = {part for name in found if name.split(" ")[0] == family for part in name.split(" ")}
        assert len(own & consumers) < BOUNDS["consumer"], family
    assert found["fintegrate_consumer_events other pending"] == 0
    assert found["fintegrate_queue_messages other"] == BANKS + 2 - (BOUNDS["consumer"] - 1)
    assert found[f"fintegrate_consumer_events {bank.name} pending"] > 0
    assert len(found) <= SERIES
    assert len(page.encode()) <= BYTES


def unfinished(found: dict[str, float]) -> dict[str, float]:
    """The replays that are not finished, by status."""
    return {name: value for name, value in found.items() if "replay_jobs" in name}


def many_banks(query: Query) -> None:
    query("INSERT INTO consumers (name, status) SELECT 'many_' || lpad(n::text, 58, '0'), 'active'"
          " FROM generate_series(1, %(banks)s) AS n", banks=BANKS)  # fmt: skip


def names(query: Query) -> list[str]:
    return [str(row["name"]) for row in query("SELECT name FROM consumers ORDER BY name")]


def count_everything(parts: Parts, consumers: list[str]) -> None:
    """Count once in every series that banks of the usual life have."""
    routes = sorted(routes_of("banking"))
    for family in (*of_the_layer.OF_THE_LAYER, *counters.COUNTED):
        for labels in combinations(family, consumers, routes):
            if family.buckets:
                parts.metrics.observe(family, *labels, value=1)
            else:
                parts.metrics.count(family, *labels)
    parts.metrics.flush()


def combinations(
    family: Counted, consumers: list[str], routes: list[str]
) -> Iterator[tuple[str, ...]]:
    values = {
        **LABELS,
        "consumer": consumers,
        "route": routes,
        "outcome": OUTCOMES.get(family.name, LABELS["outcome"]),
        "status": OUTCOMES.get(family.name, ()),
    }
    if family.name == "auth_refusals_total":
        values["reason"] = ("missing", "malformed", "unknown", "deactivated", "expired")
    return itertools.product(*(values[label] for label in family.labels))


def test_rules_and_dashboards_name_metrics(bank: Bank, admin: Api) -> None:
    run_schedule("reconcile")
    page = get("/metrics", key=admin.key).text
    there = {line.split(" ")[2] for line in page.splitlines() if line.startswith("# TYPE")}
    recorded = {rule["record"] for rule in rules("recording.yml")}

    wanted = {name for each in every_expression() for name in names_in(each, OURS)}

    assert wanted - there - recorded == set()
