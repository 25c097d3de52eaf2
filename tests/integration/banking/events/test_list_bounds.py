"""GET /events/list: what it refuses, and CSV."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable

import pytest

from fintegrate.console import csv_rows
from tests.support.api import Api, in_process
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.outbox import write_pending
from tests.support.written_events import BEGIN, Written

DAY = {"from": "2026-03-01T00:00:00+00:00"}


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"limit": 0}, "limit: must be at least 1, got '0'"),
        ({"limit": 201}, "limit: must be at most 200, got '201'"),
        ({**DAY, "to": "2026-02-01T00:00:00+00:00"}, "request: from must be before to"),
        (
            {"from": "2026-02-31T00:00:00+00:00"},
            "from: must be an ISO 8601 time with offset, got '2026-02-31T00:00:00+00:00'",
        ),
        (
            {"to": "2026-02-01T00:00:00"},
            "to: must be an ISO 8601 time with offset, got '2026-02-01T00:00:00'",
        ),
        (
            {"payload_contains": "x"},
            "payload_contains: needs `from` and `to`, at most 24 hours apart",
        ),
        (
            {"payload_contains": "x", **DAY, "to": "2026-03-02T00:00:01+00:00"},
            "payload_contains: needs `from` and `to`, at most 24 hours apart",
        ),
        ({"reason": "a\0b"}, "reason: must not contain control characters"),
        ({"reason": "x" * 201}, "reason: must have at most 200 characters, got 201"),
        ({"order": "up"}, "order: must be newest or oldest, got 'up'"),
        ({"state": "waiting"}, "state: is not a known field"),
        ({"states": []}, None),
    ],
)
def test_wrong_filters_are_refused(
    bank: Bank, asked: dict[str, object], sentence: str | None
) -> None:
    reply = bank.api.get("/events/list", **asked)

    assert reply.status == (200 if sentence is None else 422), reply
    assert sentence is None or reply.description == sentence


def test_edited_cursor_is_refused(bank: Bank, query: Query) -> None:
    write_pending(query, bank.consumer_id, customers=3)
    cursor = bank.api.get("/events/list", limit=1).data["next_cursor"]
    at, event_id = json.loads(base64.urlsafe_b64decode(cursor))
    edited = [
        cursor[:-4],
        f"x{cursor}",
        *(
            base64.urlsafe_b64encode(json.dumps(position).encode()).decode()
            for position in (
                [at[:10], event_id],
                [at, "x"],
                [at],
                [at, event_id, 1],
                [event_id, at],
            )
        ),
    ]

    for each in edited:
        reply = bank.api.get("/events/list", cursor=each)
        assert (reply.status, reply.description[:7]) == (422, "cursor:"), each


def test_cursor_shows_no_foreign_events(make_bank: Callable[[], Bank], query: Query) -> None:
    mine, other = make_bank(), make_bank()
    for bank in (mine, other):
        write_pending(query, bank.consumer_id, customers=3)
    cursor = other.api.get("/events/list", limit=1).data["next_cursor"]

    rows = mine.api.get("/events/list", cursor=cursor).data["events"]

    assert {row["consumer_id"] for row in rows} <= {mine.consumer_id}


def csv_reply(api: Api, **filters: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    query = "&".join(f"{name}={value}" for name, value in {"format": "csv", **filters}.items())
    answer = in_process("GET", "/events/list", query, {"X-API-Key": str(api.key)}, b"", "127.0.0.1")
    assert answer["statusCode"] == 200, answer
    rows = csv.DictReader(io.StringIO(answer["body"], newline=""))
    return answer["headers"], list(rows)


def test_csv_has_every_row(bank: Bank, query: Query, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pending(query, bank.consumer_id, customers=5, events_each=2)
    monkeypatch.setattr(csv_rows, "MOST_ROWS", 4)
    shown = bank.api.get("/events/list").data["events"]

    headers, rows = csv_reply(bank.api)
    while "X-Next-Cursor" in headers:
        headers, more = csv_reply(bank.api, cursor=headers["X-Next-Cursor"])
        rows += more

    assert headers["Content-Type"].startswith("text/csv")
    assert [row["event_id"] for row in rows] == [event["event_id"] for event in shown]
    assert [row["state"] for row in rows] == [event["state"] for event in shown]
    assert rows[0]["created_at"] == shown[0]["created_at"]


def test_csv_holds_no_formula(bank: Bank, query: Query) -> None:
    event = Written(
        bank.consumer_id,
        bank.consumer_id,
        7,
        "customer_deletion",
        BEGIN,
        "published",
        "failed",
        "failed",
        deliver_reason='=HYPERLINK("http://x")',
    ).write(query)

    _, rows = csv_reply(bank.api, states="delivery_failed")

    assert [row["event_id"] for row in rows] == [event.event_id]
    assert rows[0]["deliver_failure_reason"] == '\'=HYPERLINK("http://x")'


def test_count_is_left_out(bank: Bank, query: Query) -> None:
    write_pending(query, bank.consumer_id, customers=3)

    asked = bank.api.get("/events/list", limit=1)
    not_asked = bank.api.get("/events/list", limit=1, total="false")

    assert (asked.data["total"], asked.data["at_least"]) == (3, False)
    assert not_asked.data["total"] is None
    assert bank.api.get("/events/list", cursor=asked.data["next_cursor"]).data["total"] is None
