"""GET /events/tail: what is new, and what became of the events that a page shows."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.outbox import write_pending


def ids(rows: list[dict[str, object]]) -> list[object]:
    return [row["event_id"] for row in rows]


def test_tail_lists_what_is_new(bank: Bank) -> None:
    first = bank.api.get("/events/tail").data
    bank.create_customer()
    bank.create_customer()

    then = bank.api.get("/events/tail", after=first["after"]).data

    shown = bank.api.get("/events/list").data["events"]
    assert ids(then["events"])[:2] == ids(shown)[:2]
    assert then["after"] == shown[0]["created_at"]
    assert then["as_of"] >= then["after"]
    assert not then["truncated"]


def test_late_commits_are_listed(bank: Bank, query: Query) -> None:
    """An event that was created before others and committed after them."""
    bank.create_customer()
    after = bank.api.get("/events/tail").data["after"]
    write_pending(query, bank.consumer_id, age_seconds=5)
    write_pending(query, bank.consumer_id, age_seconds=60)

    new = bank.api.get("/events/tail", after=after, publish_status="pending").data

    (late,) = query(
        "SELECT event_id FROM customer_events WHERE source_service = 'test'"
        " ORDER BY created_at DESC LIMIT 1"
    )
    assert ids(new["events"]) == [late["event_id"]]
    assert new["after"] == after


def test_watched_events_show_their_state(bank: Bank, event_id: str) -> None:
    before = bank.api.get("/events/tail", watch=event_id, states="waiting").data
    bank.api.post("/events/confirm-delivery", event_id=event_id, status="received")

    after = bank.api.get("/events/tail", watch=[event_id, event_id], states="waiting").data

    assert [row["state"] for row in before["watched"]] == ["in_queue"]
    assert [row["state"] for row in after["watched"]] == ["received"]
    assert after["events"] == []


def test_tail_shows_no_foreign_events(make_bank: Callable[[], Bank], admin: Api) -> None:
    mine, other = make_bank(), make_bank()
    other.create_customer()
    foreign = ids(other.api.get("/events/list").data["events"])

    seen = mine.api.get("/events/tail", watch=foreign).data

    assert seen["watched"] == []
    assert {row["consumer_id"] for row in seen["events"]} <= {mine.consumer_id}
    assert ids(admin.get("/events/tail", watch=foreign).data["watched"]) == foreign
    assert mine.api.get("/events/tail", consumer_id=other.consumer_id).status == 404


def test_tail_says_there_are_more(bank: Bank, query: Query) -> None:
    after = bank.api.get("/events/tail").data["after"]
    write_pending(query, bank.consumer_id, customers=3, age_seconds=0)

    new = bank.api.get("/events/tail", after=after, limit=2, publish_status="pending").data

    assert len(new["events"]) == 2
    assert new["truncated"]


def test_tail_begins_at_any_time(bank: Bank) -> None:
    bank.create_customer()

    new = bank.api.get("/events/tail", after="0001-01-01T00:00:00Z")

    assert (new.status, len(new.data["events"])) == (200, 1)


def test_too_many_are_not_watched(bank: Bank, event_id: str) -> None:
    reply = bank.api.get("/events/tail", watch=[event_id] * 101)

    assert reply.status == 422
    assert reply.description == "watch: must have at most 100 entries"
