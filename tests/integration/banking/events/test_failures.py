"""GET /events/failures: failed events by cause, bounded, and only the caller's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.banking.events import failures
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.outbox import write_pending
from tests.support.plans import rows_read

FAIL = """
UPDATE customer_events e SET
    publish_status = CASE WHEN %(stage)s = 'publish_failed' THEN 'failed' ELSE 'published' END,
    published_at = CASE WHEN %(stage)s = 'publish_failed' THEN NULL ELSE created_at END,
    publish_failure_reason = CASE WHEN %(stage)s = 'publish_failed' THEN %(reason)s END,
    deliver_status = CASE WHEN %(stage)s = 'publish_failed' THEN 'pending' ELSE 'failed' END,
    deliver_failure_reason = CASE WHEN %(stage)s <> 'publish_failed' THEN %(reason)s END
WHERE event_id IN (SELECT event_id FROM customer_events
                   WHERE consumer_id = %(id)s AND publish_status = 'pending' LIMIT %(many)s)
"""
SAME = """
SELECT DISTINCT failure_group(
    e.consumer_id,
    event_state(e.publish_status, e.deliver_status, e.deliver_failure_reason, NULL, false),
    e.event_type,
    CASE WHEN e.publish_status = 'failed' THEN e.publish_failure_reason
         ELSE e.deliver_failure_reason END) AS failure_group
FROM customer_events e
WHERE e.consumer_id = %(id)s AND 'failed' IN (e.publish_status, e.deliver_status)
"""


def fail(query: Query, bank: Bank, many: int, stage: str, reason: str) -> None:
    write_pending(query, bank.consumer_id, customers=many)
    query(FAIL, id=bank.consumer_id, many=many, stage=stage, reason=reason)


def groups(api: Api, **fields: object) -> list[dict[str, Any]]:
    reply = api.get("/events/failures", **fields)
    assert reply.status == 200, reply
    found: list[dict[str, Any]] = reply.data["groups"]
    return found


def test_failures_are_grouped_by_cause(bank: Bank, query: Query) -> None:
    fail(query, bank, 2, "publish_failed", "no queue is bound (312 NO_ROUTE)")
    fail(query, bank, 3, "delivery_failed", "account 4711 of ops@bank.example is blocked")
    fail(query, bank, 1, "delivery_failed", "account 17 of x@y.example is blocked")
    fail(query, bank, 1, "dead_lettered", "dead-lettered: rejected")

    found = groups(bank.api)

    told = [(each["stage"], each["reason"], each["events"], each["customers"]) for each in found]
    assert told[0] == ("delivery_failed", "account # of # is blocked", 4, 4)
    assert sorted(told[1:]) == [
        ("dead_lettered", "dead-lettered: rejected", 1, 1),
        ("publish_failed", "no queue is bound (# NO_ROUTE)", 2, 2),
    ]
    sample = bank.api.get("/events/data", event_id=found[0]["sample_event_id"]).data
    assert sample["state"] == found[0]["stage"]
    of_events = {row["failure_group"] for row in query(SAME, id=bank.consumer_id)}
    assert of_events == {each["failure_group"] for each in found}


def test_customers_are_counted_once(bank: Bank, query: Query) -> None:
    write_pending(query, bank.consumer_id, customers=2, events_each=5)
    query(FAIL, id=bank.consumer_id, many=10, stage="publish_failed", reason="refused")

    found = groups(bank.api)

    assert sorted((each["event_type"], each["events"], each["customers"]) for each in found) == [
        ("customer_creation", 2, 2),
        ("customer_status_change", 8, 2),
    ]


def test_failures_of_others_are_unseen(
    make_bank: Callable[[], Bank], query: Query, admin: Api
) -> None:
    mine, other = make_bank(), make_bank()
    fail(query, other, 1, "publish_failed", "refused")

    assert groups(mine.api) == []
    assert mine.api.get("/events/failures", consumer_id=other.consumer_id).status == 404
    (seen,) = groups(admin)
    assert (seen["consumer_id"], seen["consumer_name"]) == (other.consumer_id, other.name)
    assert groups(admin, consumer_id=mine.consumer_id) == []


def test_from_leaves_older_out(bank: Bank, query: Query) -> None:
    fail(query, bank, 1, "publish_failed", "refused")
    now = datetime.now(UTC)

    assert groups(bank.api, **{"from": now.isoformat()}) == []
    assert len(groups(bank.api, **{"from": (now - timedelta(hours=1)).isoformat()})) == 1


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "GROUPS", 2)
    monkeypatch.setattr(failures, "MOST", 12)


@pytest.mark.usefixtures("few")
def test_small_groups_are_one(bank: Bank, query: Query) -> None:
    for many, reason in enumerate(("a", "b", "c", "d"), 1):
        fail(query, bank, many, "publish_failed", reason)

    told = bank.api.get("/events/failures").data
    assert [(each["reason"], each["events"]) for each in told["groups"]] == [("d", 4), ("c", 3)]
    assert told["rest"] == {"events": 3, "groups": 2}
    assert told["truncated"] is False

    fail(query, bank, 3, "publish_failed", "e")
    assert bank.api.get("/events/failures").data["truncated"] is True


@pytest.mark.parametrize(
    ("reason", "normalised"),
    [
        ("call of https://bank.example/api/x failed", "call of # failed"),
        ("event 0b9c7f0e-1111-4222-8333-444455556666: bad", "event # bad"),
        ('{"code": 17, "text": "blocked"}', '{"code": #, "text": "blocked"}'),
        ("10.0.0.1:5672 refused", "# refused"),
        ("rejected", "rejected"),
        (None, ""),
    ],
)
def test_reason_loses_what_differs(query: Query, reason: str | None, normalised: str) -> None:
    once = "SELECT normalised_reason(%(r)s) AS it"
    twice = "SELECT normalised_reason(normalised_reason(%(r)s)) AS it"

    assert query(once, r=reason) == query(twice, r=reason) == [{"it": normalised}]


def test_failures_read_failed_rows_only(bank: Bank, query: Query) -> None:
    fail(query, bank, 20, "publish_failed", "refused")
    write_pending(query, bank.consumer_id, customers=3_000)
    query("ANALYZE customer_events")

    with rows_read({"group_failures"}) as read:
        groups(bank.api)

    assert read["group_failures"] < 200
