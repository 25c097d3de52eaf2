"""One consumer's queue that cannot be declared is that consumer's trouble only."""

from __future__ import annotations

from collections.abc import Callable

from tests.integration.banking.events.test_resend import without_route
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.broker import delete_queues, take
from tests.support.fixtures import Query
from tests.support.outbox import statuses, write_pending


def test_conflicting_queue_blocks_no_other(
    make_bank: Callable[[], Bank], admin: Api, query: Query, rabbitmq_url: str
) -> None:
    stubborn, lost = sorted((make_bank(), make_bank()), key=lambda bank: bank.name)
    delete_queues(rabbitmq_url, lost.name)
    for bank in (stubborn, lost):
        write_pending(query, bank.consumer_id)

    with without_route(rabbitmq_url, stubborn.name):
        reply = admin.post("/events/resend", period_in_days=1)

    assert reply.data["summary"] == {
        "total_pending": 2,
        "attempted": 2,
        "succeeded": 1,
        "failed": 1,
        "skipped": 0,
    }
    assert statuses(query, lost.consumer_id) == {"published": 1}
    take(rabbitmq_url, lost.name, 1)
