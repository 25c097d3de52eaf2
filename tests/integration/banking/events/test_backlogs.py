"""A bank with a large backlog costs the sweeps of the others nothing, and takes its share only."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.banking.broker.observations import keep
from chalicelib.banking.events.topology import queue_name
from chalicelib.banking.wiring import Parts
from local.banking.queue_figures import Figures
from tests.support.api import Api
from tests.support.banking import Bank, parts_with
from tests.support.fixtures import Query
from tests.support.outbox import statuses, write_pending
from tests.support.plans import rows_read
from tests.support.schedules import run_schedule

MANY = 20_000
FEW = 300
"""Rows that a statement may read for a bank with some events, beside another with many."""
PAUSE = """
INSERT INTO publishing_pauses (consumer_id, probe_at, reason)
VALUES (%(id)s, clock_timestamp() + interval '1 hour', 'nacked')
"""
HOLD = """
INSERT INTO replay_jobs (consumer_id, from_at, include_processed, reason, request_id)
VALUES (%(id)s, clock_timestamp(), false, 'test', 'test')
"""
PUBLISHED = """
UPDATE customer_events SET publish_status = 'published', published_at = created_at
WHERE consumer_id = %(id)s AND source_service = 'test'
"""
FAILED = "UPDATE customer_events SET publish_status = 'failed' WHERE consumer_id = %(id)s"
FREE = "DELETE FROM publishing_pauses; DELETE FROM replay_jobs"


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return {**environment, "QUEUE_FIGURES_DELAY_SECONDS": "0", "DELIVERY_GRACE_SECONDS": "10"}


@pytest.fixture
def large(make_bank: Callable[[], Bank], query: Query) -> Bank:
    """A bank with many pending events, older than those of any other."""
    bank = make_bank()
    write_pending(query, bank.consumer_id, customers=MANY // 4, events_each=4, age_seconds=3_600)
    return bank


def test_resend_reads_no_refused_backlog(large: Bank, bank: Bank, query: Query) -> None:
    for number, refuse in enumerate((PAUSE, HOLD, "ANALYZE;" + PAUSE)):
        query(FREE)
        query(refuse, id=large.consumer_id)
        write_pending(query, bank.consumer_id, customers=10, events_each=2)

        with rows_read({"claim", "count"}) as read:
            assert run_schedule("resend")["succeeded"] == 20

        assert "claim" in read
        assert max(read.values()) < FEW, (number, read)
    assert statuses(query, large.consumer_id) == {"pending": MANY}


def test_redeliver_reads_no_waiting_backlog(
    large: Bank, bank: Bank, query: Query, parts: Parts
) -> None:
    query(PUBLISHED, id=large.consumer_id)
    for number, refuse in enumerate((PAUSE, HOLD, "SELECT", "ANALYZE")):
        query(FREE)
        query(refuse, id=large.consumer_id)
        write_pending(query, bank.consumer_id, customers=10, events_each=2)
        query(PUBLISHED, id=bank.consumer_id)
        queues = [Figures(queue_name(bank.name), 0, 0), Figures(queue_name(large.name), 1, 0)]
        keep(parts.sweep_database, queues, 0)

        with rows_read({"claim", "count"}) as read:
            assert run_schedule("redeliver")["succeeded"] == 20

        assert "claim" in read
        assert max(read.values()) < FEW, (number, read)


def test_late_reads_no_held_backlog(large: Bank, bank: Bank, query: Query, admin: Api) -> None:
    query(FAILED, id=large.consumer_id)
    query(HOLD, id=large.consumer_id)
    write_pending(query, bank.consumer_id, customers=10, events_each=2)
    query(FAILED + " AND sequence = 1", id=bank.consumer_id)

    with rows_read({"claim"}) as read:
        sent = admin.post(
            "/events/resend", period_in_days=1, include_failed=True, include_late=True
        )

    assert sent.data["summary"]["succeeded"] == 20
    assert max(read.values()) < FEW, read


def test_banks_share_a_batch(
    bank: Bank, make_bank: Callable[[], Bank], query: Query, environment: dict[str, str]
) -> None:
    """The bank with the older and larger backlog leaves the others their share of the first batch."""
    larger = make_bank()
    write_pending(query, larger.consumer_id, customers=30, age_seconds=3_600)
    write_pending(query, bank.consumer_id, customers=5, events_each=3)

    with parts_with(environment, SWEEP_BATCH="20") as parts:
        rows = _first_batch(parts)

    of_bank = [row for row in rows if row["consumer_id"] == bank.consumer_id]
    assert (len(rows), len(of_bank)) == (20, 10)


def _first_batch(parts: Parts) -> list[dict[str, object]]:
    from chalicelib.banking.events.resend import resend_filters
    from chalicelib.banking.events.scope import Scope

    filters = resend_filters(parts.settings, Scope())
    with parts.sweep_database.transaction():
        return parts.resend._claim({**filters, **parts.resend.table.first_claim, "batch": 20})


def test_small_batches_send_everything(
    bank: Bank, make_bank: Callable[[], Bank], query: Query, environment: dict[str, str]
) -> None:
    """Some banks have more than their share, one has less, and one has only what cannot be sent yet."""
    banks = [bank, make_bank(), make_bank()]
    for each, customers in zip(banks, (1, 9, 20), strict=True):
        write_pending(query, each.consumer_id, customers=customers, events_each=2)

    with parts_with(environment, SWEEP_BATCH="6"):
        assert run_schedule("resend")["succeeded"] == 60

    for each, customers in zip(banks, (1, 9, 20), strict=True):
        assert statuses(query, each.consumer_id) == {"published": customers * 2}


def test_redeliver_leaves_paused_banks_out(
    bank: Bank, query: Query, parts: Parts, environment: dict[str, str]
) -> None:
    write_pending(query, bank.consumer_id, customers=2)
    query(PUBLISHED, id=bank.consumer_id)
    keep(parts.sweep_database, [Figures(queue_name(bank.name), 0, 0)], 0)
    query(PAUSE, id=bank.consumer_id)

    assert run_schedule("redeliver")["attempted"] == 0
    query("DELETE FROM publishing_pauses")
    assert run_schedule("redeliver")["succeeded"] == 2
