"""A person's data: erased on request, purged with age, and nothing pending is touched by age."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from chalicelib.relay import wiring
from tests.integration.relay.conftest import Reply, deliver
from tests.integration.relay.receiver import Receiver
from tests.integration.relay.test_replay import post
from tests.support.schedules import run_schedule

Query = Callable[..., list[dict[str, Any]]]
Call = Callable[..., Reply]
JANE = {"email": "jane.roe@example.com", "phone": "+16505551234", "external_id": "J-1"}
JOHN = {"email": "john@example.com", "external_id": "J-2"}
LEFT = (
    "SELECT id FROM marketing_events WHERE match_keys IS NOT NULL OR key_id IS NOT NULL ORDER BY id"
)


def test_person_is_erased_everywhere(
    call: Call, secret: str, query: Query, receiver: Receiver
) -> None:
    client = {"ip_address": "203.0.113.9", "user_agent": "Agent"}
    (delivered,) = post(call, "1", user=JANE)
    deliver()
    (pending,) = post(call, "2", user=JANE, client=client)
    (other,) = post(call, "3", user=JOHN, client=client)

    told = call("POST", "/admin/v1/erase", {"email": " Jane.Roe@Example.com"})

    assert told.status == 200, told
    assert told.data == {"erased_count": 2, "skipped_count": 1}
    assert query(LEFT) == [{"id": other}]
    assert query("SELECT event, status, reason FROM event_deliveries ORDER BY event") == [
        {"event": delivered, "status": "delivered", "reason": None},
        {"event": pending, "status": "skipped", "reason": "erased"},
        {"event": other, "status": "pending", "reason": None},
    ]
    again = call("POST", "/admin/v1/erase", {"email": JANE["email"]}).data
    assert again == {"erased_count": 0, "skipped_count": 0}
    assert call("POST", "/admin/v1/replay", {}).data["lanes"][0]["stay"] == {"erased": 1}


def test_each_value_finds_its_person(call: Call, secret: str, query: Query) -> None:
    hashed = sha256(JANE["email"].encode()).hexdigest()
    for named in ({"phone": "(650) 555-1234"}, {"external_id": "J-1"}, {"email": hashed}):
        post(call, str(named), user=JANE)
        told = call("POST", "/admin/v1/erase", named).data
        assert told == {"erased_count": 1, "skipped_count": 1}, named


def test_rows_before_the_intake_are_erased(call: Call, secret: str, query: Query) -> None:
    payloads = [{"user": JANE}, {"email": "JANE.ROE@example.com"}, {"user": JOHN}]
    for number, payload in enumerate(payloads):
        query(
            "INSERT INTO marketing_events (event_id, storefront_code, event_type, event_payload)"
            " VALUES (%(id)s, 'bosley', 'paid', %(payload)s)",
            id=str(number),
            payload=json.dumps(payload),
        )

    told = call("POST", "/admin/v1/erase", {"email": JANE["email"]})

    assert told.data["erased_count"] == 2
    assert run_schedule("relay_intake") == {"accepted": 1}
    assert (
        query(
            "SELECT status, status_reason, event_payload::text AS text FROM marketing_events"
            " WHERE status <> 'accepted'"
        )
        == [{"status": "rejected", "status_reason": "erased", "text": None}] * 2
    )


def test_erasure_while_sending_says_so(
    call: Call, secret: str, query: Query, receiver: Receiver
) -> None:
    """The request under way cannot be called back; its answer changes nothing any more."""
    post(call, "1", user=JANE)
    book = wiring.parts().delivery().book
    (lane,) = book.due()
    assert book.claim(lane, 1)

    call("POST", "/admin/v1/erase", {"email": JANE["email"]})

    assert query("SELECT status, reason, maybe_delivered, lease_token FROM event_deliveries") == [
        {"status": "skipped", "reason": "erased", "maybe_delivered": True, "lease_token": None}
    ]


def test_person_is_named_by_one_value(call: Call) -> None:
    for wrong in (
        {},
        {"email": "jane"},
        {"email": 5},
        {"email": "a@example.com", "phone": "+16505551234"},
    ):
        reply = call("POST", "/admin/v1/erase", wrong)
        assert reply.status == 422, wrong
        assert "jane" not in reply.description


def test_old_rows_go_and_pending_ones_stay(
    call: Call, secret: str, receiver: Receiver, query: Query
) -> None:
    aged = {"fresh": 1, "month": 31, "quarter": 91, "ancient": 401}
    ids = {name: post(call, name, user=JANE)[0] for name in aged}
    deliver()
    ids["kept"] = post(call, "kept", user=JANE)[0]
    for name, days in {**aged, "kept": 500}.items():
        for table, column in (("marketing_events", "id"), ("event_attempts", "event")):
            query(
                f"UPDATE {table} SET created_at = now() - make_interval(days => %(days)s)"
                f" WHERE {column} = %(id)s",
                days=days,
                id=ids[name],
            )

    assert run_schedule("relay_purge") == {"user_data": 3, "attempts": 2, "events": 1}

    assert query(LEFT) == [{"id": ids["fresh"]}, {"id": ids["kept"]}]
    assert [row["event"] for row in query("SELECT event FROM event_attempts ORDER BY 1")] == [
        ids["fresh"],
        ids["month"],
    ]
    assert query("SELECT count(*) AS n FROM marketing_events") == [{"n": 4}]
    assert query("SELECT count(*) AS n FROM event_deliveries") == [{"n": 4}]
