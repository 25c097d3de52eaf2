"""A person's data: erased on request, purged with age, and nothing pending is touched by age."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import psycopg2
import pytest

from chalicelib.relay import wiring
from fintegrate.database import Database
from local.finding.places import Found, Wanted
from local.finding.tables import find_in_tables
from tests.integration.relay.conftest import Reply, deliver
from tests.integration.relay.test_replay import post
from tests.support.receiver import Receiver
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


def test_no_column_holds_the_person(
    call: Call, secret: str, query: Query, database_url: str
) -> None:
    """Neither plain nor hashed, of what was delivered, what waits, and a row before the intake."""
    hashed = sha256(JANE["email"].encode()).hexdigest()
    post(call, "1", user={**JANE, "first_name": "Jane"})
    deliver()
    post(call, "2", user=JANE)
    query(
        "INSERT INTO marketing_events (event_id, storefront_code, event_type, event_payload)"
        " VALUES ('3', 'bosley', 'paid', %(payload)s)",
        payload=json.dumps({"user": JANE}),
    )

    def places(text: str) -> list[str]:
        found = Found()
        find_in_tables(database_url, "relay", Wanted(text), found)
        assert found.left_out == []
        return [place.name for place in found.places]

    assert places(hashed) == ["relay marketing_events.match_keys"]
    assert places(JANE["email"]) == ["relay marketing_events.event_payload"]

    call("POST", "/admin/v1/erase", {"email": JANE["email"]})

    assert places(hashed) + places(JANE["email"]) == []


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

    assert run_schedule("relay_purge") == {
        "user_data": 3,
        "attempts": 2,
        "events": 1,
        "audit_rows": 0,
    }

    assert query(LEFT) == [{"id": ids["fresh"]}, {"id": ids["kept"]}]
    assert [row["event"] for row in query("SELECT event FROM event_attempts ORDER BY 1")] == [
        ids["fresh"],
        ids["month"],
    ]
    assert query("SELECT count(*) AS n FROM marketing_events") == [{"n": 4}]
    assert query("SELECT count(*) AS n FROM event_deliveries") == [{"n": 4}]


def test_row_of_another_status_goes_with_age(call: Call, query: Query) -> None:
    for status in ("unresolved", "sent"):
        query(
            "INSERT INTO marketing_events (storefront_code, status, created_at)"
            " VALUES ('bosley', %(status)s, now() - interval '401 days')",
            status=status,
        )

    assert run_schedule("relay_purge")["events"] == 2


def test_audit_rows_go_with_age(call: Call, query: Query, database: Database) -> None:
    ages = "('364 days'), ('366 days'), ('6 days')"
    query(
        "INSERT INTO audit_log (request_id, action, status_code, reason, created_at)"
        f" SELECT age, 'POST /', 401, 'x', now() - age::interval FROM (VALUES {ages}) AS old (age)"
    )

    assert run_schedule("relay_purge")["audit_rows"] == 1

    for trace in ("DELETE FROM audit_log", "UPDATE audit_log SET reason = ''"):
        with pytest.raises(psycopg2.errors.RestrictViolation):
            database.execute(trace, {})
    left = query("SELECT request_id AS age FROM audit_log ORDER BY created_at")
    assert [row["age"] for row in left] == ["364 days", "6 days"]


@pytest.mark.parametrize("status", [422, 401, 503])
def test_echo_of_a_person_is_not_kept(
    call: Call, secret: str, receiver: Receiver, query: Query, status: int
) -> None:
    receiver.answer = lambda _got: status
    receiver.words = lambda got: b"refused: " + json.dumps(got.data["user"]).encode()
    post(call, "1", user=JANE)

    deliver()

    kept = query("SELECT message FROM event_attempts") + query("SELECT reason FROM relay_lanes")
    words = " ".join(str(value) for row in kept for value in row.values())
    assert "refused: " in words
    hashes = [value for got in receiver.got for value in got.data["user"].values()]
    assert hashes
    assert not any(value[:6] in words for value in hashes), words
