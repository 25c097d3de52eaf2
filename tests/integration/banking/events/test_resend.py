"""Resend: what is pending is published once, in order, within its scope; sums always agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from chalicelib.banking.events.outbox import EVENTS
from chalicelib.banking.events.redeliver import SQL as REDELIVER
from chalicelib.banking.events.redeliver import redeliver_filters
from chalicelib.banking.events.resend import SQL as RESEND
from chalicelib.banking.events.resend import resend_filters
from chalicelib.banking.events.scope import Scope
from chalicelib.banking.events.topology import queue_name
from chalicelib.banking.wiring import Parts
from fintegrate.outcome import Outcome, Result
from tests.support.api import Api
from tests.support.banking import Bank, together
from tests.support.broker import channel, delete_queues, drain, take
from tests.support.fixtures import Query
from tests.support.outbox import assert_in_order, statuses, write_pending


def assert_sums_agree(summary: dict[str, int]) -> None:
    assert summary["total_pending"] == summary["attempted"] + summary["skipped"]
    assert summary["attempted"] == summary["succeeded"] + summary["failed"]


def resend(api: Api, **fields: object) -> dict[str, int]:
    reply = api("POST", "/events/resend", {"period_in_days": 365, **fields})
    assert reply.status == 200, reply
    summary: dict[str, int] = reply.data["summary"]
    assert_sums_agree(summary)
    return summary


def test_resend_keeps_order_per_customer(bank: Bank, query: Query, rabbitmq_url: str) -> None:
    write_pending(query, bank.consumer_id, customers=20, events_each=15)

    summary = resend(bank.api)

    assert summary["succeeded"] == 300
    assert statuses(query, bank.consumer_id) == {"published": 300}
    assert_in_order(take(rabbitmq_url, bank.name, 300))


def test_message_tells_its_attempt(bank: Bank, query: Query, rabbitmq_url: str) -> None:
    write_pending(query, bank.consumer_id)

    resend(bank.api)

    (row,) = query("SELECT publish_try_count FROM customer_events WHERE source_service = 'test'")
    (delivery,) = take(rabbitmq_url, bank.name, 1)
    assert row["publish_try_count"] == 2
    assert delivery.properties.headers["publish_try_count"] == 2


def test_simultaneous_resends_publish_once(
    bank: Bank, admin: Api, query: Query, rabbitmq_url: str
) -> None:
    write_pending(query, bank.consumer_id, customers=300, events_each=3)

    together([partial(resend, api) for api in (bank.api, admin, bank.api)])

    resend(bank.api)  # what a run left because another held the event before it
    deliveries = drain(rabbitmq_url, bank.name)
    assert len(deliveries) == 900
    assert_in_order(deliveries)


def test_tenant_resends_only_its_own(
    make_bank: Callable[[], Bank], query: Query, admin: Api
) -> None:
    mine, other = make_bank(), make_bank()
    write_pending(query, mine.consumer_id)
    write_pending(query, other.consumer_id)

    assert resend(mine.api)["succeeded"] == 1

    assert statuses(query, other.consumer_id) == {"pending": 1}
    assert resend(admin, consumer_id=other.consumer_id)["succeeded"] == 1
    assert (
        mine.api.post("/events/resend", period_in_days=1, consumer_id=other.consumer_id).status
        == 404
    )


def test_excluded_types_block_later_events(bank: Bank, query: Query) -> None:
    write_pending(query, bank.consumer_id, events_each=2)

    summary = resend(bank.api, event_types=["customer_status_change"])

    assert (summary["attempted"], summary["skipped"]) == (0, 1)
    assert statuses(query, bank.consumer_id) == {"pending": 2}


def test_period_and_tries_narrow_resends(bank: Bank, query: Query) -> None:
    write_pending(query, bank.consumer_id, age_seconds=3 * 86_400)

    assert resend(bank.api, period_in_days=1)["total_pending"] == 0
    tried_too_often = resend(bank.api, max_try_count=1)
    assert (tried_too_often["total_pending"], tried_too_often["skipped"]) == (1, 1)
    assert resend(bank.api, max_try_count=2)["succeeded"] == 1


def test_tenth_failed_try_is_last(bank: Bank, query: Query, rabbitmq_url: str) -> None:
    write_pending(query, bank.consumer_id, events_each=2)
    query("UPDATE customer_events SET publish_try_count = 9 WHERE sequence = 1")

    with without_route(rabbitmq_url, bank.name):
        reply = bank.api.post("/events/resend", period_in_days=1)

    (failure,) = reply.data["failed_events"]
    assert failure["try_count"] == 10
    assert "NO_ROUTE" in failure["failure_reason"]
    assert statuses(query, bank.consumer_id) == {"failed": 1, "pending": 1}
    assert resend(bank.api)["succeeded"] == 1  # a failed event holds nothing back


@contextmanager
def without_route(url: str, name: str) -> Iterator[None]:
    """The bank's queue is another connection's own for the block: not bound, and not to be declared."""
    delete_queues(url, name)
    with channel(url) as ch:
        ch.queue_declare(queue_name(name), exclusive=True)
        yield


def fill_queue(url: str, name: str) -> None:
    """Replace the bank's queue by one with room for one message, and fill it."""
    from chalicelib.banking.events.topology import EXCHANGE, queues

    (_, queue) = queues([name])
    with channel(url) as ch:
        ch.queue_delete(queue.name)
        ch.queue_declare(queue.name, durable=True, arguments={**queue.arguments, "x-max-length": 1})
        for key in queue.routing_keys:
            ch.queue_bind(queue.name, EXCHANGE, key)
        for _ in range(3):  # a quorum queue may take one or two more than its limit
            try:
                ch.basic_publish(EXCHANGE, queue.routing_keys[0], b"{}")
            except Exception:
                return
    pytest.fail("the queue does not refuse")


def test_young_event_stays_with_request(bank: Bank, query: Query) -> None:
    write_pending(query, bank.consumer_id, age_seconds=0)
    query("UPDATE customer_events SET publish_failure_reason = NULL WHERE source_service = 'test'")

    summary = resend(bank.api)

    assert (summary["total_pending"], summary["skipped"]) == (1, 1)


class Silent:
    """A broker that takes messages and does not answer."""

    outages = frozenset({Result.UNCONFIRMED})

    def send(self, rows: list[Any], _seconds: float) -> list[Outcome]:
        return [Outcome(Result.UNCONFIRMED, "no confirm within 1 s")] * len(rows)


def test_silence_gives_nothing_up(bank: Bank, query: Query, parts: Parts) -> None:
    write_pending(query, bank.consumer_id)
    sweep = replace(parts.resend, sender=Silent())

    for _ in range(parts.settings.publish_max_tries + 1):
        sweep.run(resend_filters(parts.settings, Scope()), 60)

    (event,) = query("SELECT * FROM customer_events WHERE source_service = 'test'")
    assert (event["publish_status"], event["publish_try_count"]) == ("pending", 1)
    assert event["publish_failure_reason"] == "no confirm within 1 s"
    assert event["publish_last_tried_at"] is not None


def test_lost_queue_loses_nothing(bank: Bank, query: Query, rabbitmq_url: str) -> None:
    with channel(rabbitmq_url) as ch:
        ch.queue_delete(f"customer_notification_{bank.name}")
    write_pending(query, bank.consumer_id, customers=3, events_each=3)

    assert resend(bank.api)["succeeded"] == 9

    assert_in_order(take(rabbitmq_url, bank.name, 9))


@pytest.mark.parametrize("statements", [RESEND, REDELIVER], ids=["resend", "redeliver"])
def test_claim_reads_only_its_batch(
    statements: dict[str, str], bank: Bank, query: Query, parts: Parts
) -> None:
    write_pending(query, bank.consumer_id, customers=2_000, events_each=5, age_seconds=200_000)
    query(
        "UPDATE customer_events SET publish_status = 'published', published_at = created_at"
        " WHERE %(published)s",
        published=statements is REDELIVER,
    )
    filters = {
        **EVENTS.first_claim,
        "batch": 1_000,
        **resend_filters(parts.settings, Scope()),
        **redeliver_filters(parts.settings, Scope()),
    }

    # As statistics do that are older than the backlog: they make the index look like the dear way.
    misled = "SET LOCAL random_page_cost = 1000"
    explained = f"EXPLAIN (ANALYZE, FORMAT JSON) {statements['claim']}"
    (plan,) = query(f"BEGIN; {misled}; {statements['plan']}; {explained}", **filters)

    assert max(rows_read(plan["QUERY PLAN"][0]["Plan"])) <= 2_000


def rows_read(node: dict[str, Any]) -> Iterator[int]:
    """How many rows each node of a plan gave or threw away."""
    yield node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    for child in node.get("Plans", []):
        yield from rows_read(child)
