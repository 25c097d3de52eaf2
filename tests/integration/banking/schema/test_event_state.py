"""The database's `event_state`: one word for every combination of what an event and its receipt say."""

from __future__ import annotations

from typing import get_args

import pytest

from chalicelib.banking.events.models import EventState
from fintegrate.migrations import migrate
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.schemas import MIGRATIONS, run

STATES = set(get_args(EventState))
EVERY = """
SELECT DISTINCT event_state(publish, deliver, reason, receipt, behind)
FROM unnest(ARRAY['pending', 'published', 'failed']) AS publish,
     unnest(ARRAY['pending', 'delivered', 'failed']) AS deliver,
     unnest(ARRAY[NULL, 'dead-lettered: rejected', 'account blocked']) AS reason,
     unnest(ARRAY[NULL, 'received', 'processed', 'failed']) AS receipt,
     unnest(ARRAY[true, false]) AS behind
"""
ONE = "SELECT event_state(%(publish)s, %(deliver)s, %(reason)s, %(receipt)s, %(behind)s) AS state"
LISTED = """
SELECT event_state(e.publish_status, e.deliver_status, e.deliver_failure_reason,
                   (SELECT r.processing_status FROM consumer_event_receipts r
                    WHERE r.consumer_id = e.consumer_id AND r.event_id = e.event_id),
                   EXISTS (SELECT FROM customer_events h
                           WHERE h.customer_id = e.customer_id AND h.sequence < e.sequence
                             AND h.publish_status = 'pending')) AS state
FROM customer_events e
WHERE e.event_id = %(id)s
"""


def test_every_combination_has_a_state(url: str) -> None:
    migrate(url, MIGRATIONS)

    assert {row[0] for row in run(url, EVERY)} == STATES


@pytest.mark.parametrize(
    ("publish", "deliver", "reason", "receipt", "behind", "state"),
    [
        ("pending", "pending", None, None, False, "waiting"),
        ("pending", "pending", None, None, True, "held_back"),
        ("pending", "pending", None, "received", False, "waiting"),
        ("failed", "pending", None, None, True, "publish_failed"),
        ("published", "pending", None, None, True, "in_queue"),
        ("published", "pending", None, "received", False, "in_queue"),
        ("published", "pending", "timeout", "failed", False, "in_queue"),
        ("published", "delivered", None, "received", False, "received"),
        ("published", "delivered", None, "processed", False, "processed"),
        ("published", "delivered", None, None, False, "processed"),
        ("published", "failed", None, "failed", False, "delivery_failed"),
        ("published", "failed", "account blocked", "failed", False, "delivery_failed"),
        ("published", "failed", "dead-lettered: rejected", None, False, "dead_lettered"),
        ("published", "failed", "dead-lettered: rejected", "failed", False, "dead_lettered"),
        ("published", "failed", "dead-lettered: expired", "received", False, "dead_lettered"),
    ],
)
def test_facts_decide_the_state(
    query: Query,
    publish: str,
    deliver: str,
    reason: str | None,
    receipt: str | None,
    behind: bool,
    state: str,
) -> None:
    facts = {"publish": publish, "deliver": deliver, "reason": reason, "receipt": receipt}

    assert query(ONE, **facts, behind=behind) == [{"state": state}]


def test_bank_moves_the_state(bank: Bank, query: Query, event_id: str) -> None:
    states = [query(LISTED, id=event_id)[0]["state"]]
    for status in ("failed", "received", "processed"):
        bank.api.post("/events/confirm-delivery", event_id=event_id, status=status)
        states.append(query(LISTED, id=event_id)[0]["state"])

    assert states == ["in_queue", "delivery_failed", "received", "processed"]
