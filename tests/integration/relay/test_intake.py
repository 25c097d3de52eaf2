"""Rows that the order system inserts: accepted, or set aside with the reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet

from chalicelib.relay.ingest import accept
from chalicelib.relay.ingest import intake as taking
from chalicelib.relay.ingest.intake import Intake
from fintegrate.access.key_ring import KeyRing
from fintegrate.access.sealing import Sealing
from fintegrate.database import Database

Query = Callable[..., list[dict[str, Any]]]
PAYLOAD = {"order_revenue": 80.79, "user": {"email": "Jane.Roe@example.com"}, "utm_source": "mail"}


@pytest.fixture
def intake(database: Database) -> Intake:
    ring = KeyRing("RELAY_KEYS", json.dumps({"k1": Fernet.generate_key().decode()}))
    return Intake(database, Sealing(ring), batch=3)


@pytest.fixture
def shop(make_lane: Callable[..., int], query: Query) -> dict[str, Any]:
    """A storefront with one destination: its id and code."""
    lane = make_lane()
    (row,) = query(
        "SELECT s.id, s.storefront_id AS code FROM storefronts s"
        " JOIN relay_lanes l ON l.storefront_id = s.id WHERE l.lane_id = %(lane)s",
        lane=lane,
    )
    return row


@pytest.fixture
def insert(query: Query) -> Callable[..., int]:
    """Inserts a row as the order system does; returns its number."""

    def insert(payload: Any = None, **columns: Any) -> int:
        row = {"event_id": "77", "event_type": "purchase_completed", **columns}
        row["event_payload"] = json.dumps(PAYLOAD if payload is None else payload)
        names = ", ".join(row)
        values = ", ".join(f"%({name})s" for name in row)
        (made,) = query(
            f"INSERT INTO marketing_events ({names}) VALUES ({values}) RETURNING id", **row
        )
        return int(made["id"])

    return insert


def states(query: Query) -> list[tuple[str, str | None]]:
    rows = query("SELECT status, status_reason FROM marketing_events ORDER BY id")
    return [(row["status"], row["status_reason"]) for row in rows]


def test_row_becomes_an_event_with_deliveries(
    intake: Intake, shop: dict[str, Any], insert: Callable[..., int], query: Query
) -> None:
    number = insert(storefront_id=shop["id"], source_system="oms")

    assert intake.run(20) == {"accepted": 1}

    (event,) = query("SELECT *, event_payload::text AS text FROM marketing_events")
    assert (event["identity"], event["storefront_code"]) == ("77", shop["code"])
    assert '"value":80.79' in event["text"]
    assert "Jane" not in str(event)
    assert event["match_keys"]["em"]
    assert query("SELECT event, status FROM event_deliveries") == [
        {"event": number, "status": "pending"}
    ]


def test_same_event_stands_once(
    intake: Intake, shop: dict[str, Any], insert: Callable[..., int], query: Query
) -> None:
    first = insert(storefront_code=shop["code"])
    for _ in range(4):
        insert(storefront_id=shop["id"])
    insert(storefront_id=shop["id"], event_type="order_shipped")

    assert intake.run(20) == {"accepted": 2, "duplicate": 4}
    reasons = [reason for status, reason in states(query) if status == "duplicate"]
    assert reasons == [f"event {first} stands"] * 4
    assert query("SELECT count(*) AS n FROM event_deliveries") == [{"n": 2}]
    assert query(
        "SELECT count(*) AS n FROM marketing_events"
        " WHERE status = 'duplicate' AND event_payload IS NOT NULL"
    ) == [{"n": 0}]


@pytest.mark.parametrize(
    ("columns", "payload", "status"),
    [
        ({"storefront_id": 999_999}, None, "unresolved"),
        ({"storefront_code": "nobody"}, None, "unresolved"),
        ({"event_type": None}, None, "rejected"),
        ({"event_type": "1"}, None, "rejected"),
        ({"event_id": None}, None, "rejected"),
        ({}, [1], "rejected"),
        ({}, {"event_time": "yesterday"}, "rejected"),
    ],
)
def test_bad_rows_say_what_is_wrong(
    intake: Intake,
    shop: dict[str, Any],
    insert: Callable[..., int],
    query: Query,
    columns: dict[str, Any],
    payload: Any,
    status: str,
) -> None:
    named = columns if {"storefront_id", "storefront_code"} & columns.keys() else {}
    insert(payload, **{**columns, **(named or {"storefront_id": shop["id"]})})

    assert intake.run(20) == {status: 1}
    ((found, reason),) = states(query)
    assert found == status
    assert reason


def test_id_and_code_that_disagree_are_not_guessed(
    intake: Intake,
    shop: dict[str, Any],
    make_lane: Callable[..., int],
    insert: Callable[..., int],
    query: Query,
) -> None:
    make_lane()
    (other,) = query("SELECT storefront_id AS code FROM storefronts ORDER BY id DESC LIMIT 1")
    insert(storefront_id=shop["id"], storefront_code=other["code"])

    assert intake.run(20) == {"unresolved": 1}


def test_mended_storefront_resolves_its_rows(
    intake: Intake, shop: dict[str, Any], insert: Callable[..., int], query: Query
) -> None:
    query("UPDATE storefronts SET is_active = false")
    insert(storefront_id=shop["id"])
    assert intake.run(20) == {"unresolved": 1}
    query("UPDATE storefronts SET is_active = true")

    assert intake.run(20) == {"accepted": 1}


def test_unresolved_rows_end_after_days(
    intake: Intake, insert: Callable[..., int], query: Query
) -> None:
    insert(storefront_code="nobody")
    query("UPDATE marketing_events SET created_at = now() - interval '8 days'")

    assert intake.run(20) == {"rejected": 1}


@pytest.mark.parametrize("status", ["draft", "accepted", "unresolved", "rejected", None])
def test_rows_with_another_status_are_left_and_counted(
    intake: Intake, shop: dict[str, Any], insert: Callable[..., int], query: Query, status: str
) -> None:
    insert(storefront_id=shop["id"], status=status)

    assert intake.run(20) == {"left_alone": 1}
    assert states(query) == [(status, None)]
    assert query("SELECT event FROM event_deliveries") == []


def test_row_that_fails_holds_up_no_other(
    intake: Intake,
    shop: dict[str, Any],
    insert: Callable[..., int],
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for number in range(5):
        insert(storefront_id=shop["id"], event_id=str(number))
    true_row = accept.row_of

    def failing(item: Any, sealing: Sealing) -> dict[str, Any]:
        if item.identity == "1":
            raise ValueError("jane@example.com")
        return true_row(item, sealing)

    monkeypatch.setattr(taking, "row_of", failing)

    assert intake.run(20) == {"accepted": 4, "failed": 1}
    assert [status for status, _ in states(query)].count("pending") == 1
    assert "ValueError" in caplog.text
    assert "jane" not in caplog.text


def test_row_without_a_time_happened_when_it_came(
    intake: Intake, shop: dict[str, Any], insert: Callable[..., int], query: Query
) -> None:
    insert({"event_time": None, "order_id": "88"}, storefront_id=shop["id"], event_id=None)

    assert intake.run(20) == {"accepted": 1}
    (event,) = query("SELECT identity, event_time = created_at AS at_once FROM marketing_events")
    assert event == {"identity": "88", "at_once": True}
