"""`confirm_deliveries` does of many events what `confirm_delivery` does of each, in any state."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.outbox import write_pending

PUBLISH = ("pending", "published", "failed")
DELIVER = ("pending", "delivered", "failed")
RECEIPTS = (None, "received", "processed", "failed")
SENT_AGAIN = (None, "before the receipt", "after the receipt")
SAID = ("received", "processed")
STATES = list(product(PUBLISH, DELIVER, RECEIPTS, SENT_AGAIN, SAID))
PREPARE = """
UPDATE customer_events
SET publish_status = %(publish)s, publish_failure_reason = 'no room',
    published_at = CASE WHEN %(publish)s = 'published' THEN now() END,
    deliver_status = %(deliver)s, deliver_failure_reason = 'no such branch',
    delivered_at = CASE WHEN %(deliver)s = 'delivered' THEN now() END,
    deliver_last_tried_at = now() + %(sent_again)s * interval '1 hour'
WHERE event_id = %(event_id)s
"""
RECEIVE = """
INSERT INTO consumer_event_receipts (consumer_id, event_id, customer_id, event_type, received_at,
                                     updated_at, processing_status, processing_failure_reason)
SELECT consumer_id, event_id, customer_id, event_type, now() - interval '1 day', now(), %(receipt)s,
       CASE WHEN %(receipt)s = 'failed' THEN 'no such branch' END
FROM customer_events
WHERE event_id = %(event_id)s
"""
OUTCOME = """
SELECT e.publish_status, e.published_at IS NOT NULL AS is_published, e.publish_failure_reason,
       e.deliver_status, e.delivered_at IS NOT NULL AS is_delivered, e.deliver_failure_reason,
       r.processing_status, r.processing_failure_reason,
       r.received_at < now() - interval '1 hour' AS was_received_before
FROM customer_events e
LEFT JOIN consumer_event_receipts r ON r.consumer_id = e.consumer_id AND r.event_id = e.event_id
WHERE e.event_id = %(event_id)s
"""
TOGETHER = "SELECT confirm_deliveries(%(ids)s::uuid[], %(banks)s::uuid[], %(said)s) AS event_id"
ONE = "SELECT confirm_delivery(%(event_id)s, %(bank)s, %(said)s, NULL, NULL) AS event_id"


def prepare(query: Query, event_id: str, state: tuple[Any, ...]) -> None:
    publish, deliver, receipt, sent_again, _ = state
    hours = {None: None, SENT_AGAIN[1]: -1, SENT_AGAIN[2]: 1}[sent_again]
    query(PREPARE, event_id=event_id, publish=publish, deliver=deliver, sent_again=hours)
    if receipt:
        query(RECEIVE, event_id=event_id, receipt=receipt)


@pytest.mark.parametrize("is_rewound", [False, True])
def test_both_functions_do_the_same(bank: Bank, admin: Api, query: Query, is_rewound: bool) -> None:
    write_pending(query, bank.consumer_id, customers=2 * len(STATES))
    rows = query(
        "SELECT event_id FROM customer_events WHERE consumer_id = %(id)s AND event_type <> %(kind)s",
        id=bank.consumer_id,
        kind="consumer_created",
    )
    ids = [str(row["event_id"]) for row in rows]
    many, single = ids[: len(STATES)], ids[len(STATES) : 2 * len(STATES)]
    for group in (many, single):
        for event_id, state in zip(group, STATES, strict=True):
            prepare(query, event_id, state)
    if is_rewound:
        begun = admin.post(
            "/events/rewind",
            consumer_id=bank.consumer_id,
            reason="its database is lost",
            **{"from": "2020-01-01T00:00:00Z"},
        )
        assert begun.status == 202, begun
    said = [state[-1] for state in STATES]
    banks = [bank.consumer_id] * len(STATES)

    together = {row["event_id"] for row in query(TOGETHER, ids=many, banks=banks, said=said)}
    each = [
        query(ONE, event_id=event_id, bank=bank.consumer_id, said=word)[0]["event_id"]
        for event_id, word in zip(single, said, strict=True)
    ]

    assert 0 < len(together) < len(STATES)
    for state, one, other, changed in zip(STATES, many, single, each, strict=True):
        assert (one in together) == (changed is not None), state
        assert query(OUTCOME, event_id=one) == query(OUTCOME, event_id=other), state


def test_other_banks_events_stay(bank: Bank, query: Query) -> None:
    write_pending(query, bank.consumer_id)
    (row,) = query(
        "SELECT event_id FROM customer_events WHERE consumer_id = %(id)s", id=bank.consumer_id
    )
    event_id = str(row["event_id"])

    assert query(TOGETHER, ids=[event_id], banks=[event_id], said=["processed"]) == []

    assert query("SELECT * FROM consumer_event_receipts") == []
