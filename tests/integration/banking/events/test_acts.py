"""Acts of people: counted first, with a reason, once, and with a row in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.banking.dead_letters.kept import everything, keep_letter
from tests.support.api import Api, Reply
from tests.support.banking import Bank
from tests.support.console import ANN, sign_in
from tests.support.fixtures import Query
from tests.support.outbox import statuses, write_pending

GIVE_UP = """
UPDATE customer_events SET publish_status = 'failed' WHERE sequence = 1 AND source_service = 'test'
"""


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return {**environment, "DELIVERY_GRACE_SECONDS": "0", "QUEUE_FIGURES_DELAY_SECONDS": "0"}


def audited(query: Query, action: str) -> list[dict[str, Any]]:
    sql = "SELECT * FROM audit_log WHERE action = %(action)s ORDER BY created_at"
    return query(sql, action=action)


def customer_of(query: Query) -> str:
    (row,) = query("SELECT DISTINCT customer_id FROM customer_events WHERE source_service = 'test'")
    return str(row["customer_id"])


def counted(reply: Reply) -> tuple[Any, ...]:
    assert reply.status in {200, 201}, reply
    names = ("matched", "exact", "customers", "late", "by_state")
    return tuple(reply.data[name] for name in names)


def test_dry_run_of_resend_tells_late_apart(bank: Bank, query: Query) -> None:
    write_pending(query, bank.consumer_id, customers=2, events_each=3)
    query(GIVE_UP)
    before = everything(query)
    ask = {"period_in_days": 1, "dry_run": True}

    plain = bank.api.post("/events/resend", **ask)
    without = bank.api.post("/events/resend", **ask, include_failed=True)
    late = bank.api.post("/events/resend", **ask, include_failed=True, include_late=True)

    waiting = {"waiting": 2, "held_back": 2}
    assert counted(plain) == (4, True, 2, 0, waiting)
    assert counted(without) == (4, True, 2, 2, waiting)
    assert counted(late) == (6, True, 2, 2, {**waiting, "publish_failed": 2})
    assert without.data["late_count"] == 2
    assert late.data["tenants"] == [
        {"consumer_id": bank.consumer_id, "consumer_name": bank.name, "events": 6}
    ]
    assert everything(query) == before


def test_dry_run_of_redeliver_adds_its_counts(bank: Bank, event_id: str, query: Query) -> None:
    keep_letter(query, bank, event_id)
    before = everything(query)

    reply = bank.api.post("/events/redeliver", period_in_days=1, include_failed=True, dry_run=True)

    assert counted(reply) == (1, True, 1, 0, {"dead_lettered": 1})
    assert reply.data["summary"]["total_pending"] == 1
    assert everything(query) == before


def test_dry_run_of_skip_names_who_waits(
    admin: Api, make_bank: Callable[[], Bank], query: Query
) -> None:
    bank = make_bank()
    write_pending(query, bank.consumer_id, events_each=3)
    before = everything(query)

    reply = admin.post("/events/skip-head", customer_id=customer_of(query), dry_run=True)

    assert counted(reply) == (1, True, 1, 0, {"waiting": 1})
    assert reply.data["warnings"][0].startswith("2 events wait behind it")
    assert reply.data["warnings"][1].startswith("The event is marked as given up.")
    assert everything(query) == before


@pytest.mark.parametrize("path", ["/events/resend", "/events/redeliver"])
def test_sweep_that_grew_does_nothing(bank: Bank, query: Query, path: str) -> None:
    write_pending(query, bank.consumer_id, customers=11)
    if path == "/events/redeliver":
        query("UPDATE customer_events SET publish_status = 'published', published_at = created_at")

    reply = bank.api.post(path, period_in_days=1, expected_count=0)

    assert reply.status == 409
    assert "0 were expected and 11 would be hit by now" in reply.description
    assert len(statuses(query, bank.consumer_id)) == 1
    assert [row["status_code"] for row in audited(query, f"POST {path}")] == [409]
    near = bank.api.post(path, period_in_days=1, expected_count=5)
    assert near.status == 200


def test_sweeps_row_tells_the_act(admin: Api, make_bank: Callable[[], Bank], query: Query) -> None:
    bank = make_bank()
    write_pending(query, bank.consumer_id)

    admin.post(
        "/events/resend", period_in_days=1, consumer_id=bank.consumer_id, reason="mended by hand"
    )
    bank.api.post("/events/resend", period_in_days=1)

    by_admin, by_bank = audited(query, "POST /events/resend")
    assert by_admin["reason"] == "mended by hand"
    assert by_admin["subject_consumer_id"] == bank.consumer_id
    assert by_admin["details"] == {
        "filter": {
            "period_in_days": 1,
            "consumer_id": bank.consumer_id,
            "include_failed": False,
            "include_late": False,
        },
        "counts": {
            "total_pending": 1, "attempted": 1, "succeeded": 1, "failed": 0, "skipped": 0
        },
    }  # fmt: skip
    assert (by_bank["reason"], by_bank["subject_consumer_id"]) == ("done", None)
    assert by_bank["consumer_id"] == bank.consumer_id


@pytest.mark.parametrize("path", ["/events/resend", "/events/redeliver"])
def test_named_events_tell_their_bank(
    admin: Api, make_bank: Callable[[], Bank], query: Query, path: str
) -> None:
    first, second = make_bank(), make_bank()
    for bank in (first, second):
        write_pending(query, bank.consumer_id)
    of_first, of_second = ([event] for event in named(query, first.consumer_id, second.consumer_id))

    for chosen in (of_first, of_first + of_second):
        assert admin.post(path, event_ids=chosen, period_in_days=1, reason="why").status == 200

    subjects = [row["subject_consumer_id"] for row in audited(query, f"POST {path}")]
    assert subjects == [first.consumer_id, None]


def named(query: Query, *banks: str) -> list[str]:
    """The first pending event of each bank."""
    sql = "SELECT min(event_id::text) AS id FROM customer_events WHERE consumer_id = %(bank)s"
    pending = " AND event_type = 'customer_creation'"
    return [str(query(sql + pending, bank=bank)[0]["id"]) for bank in banks]


def test_skip_is_told_with_its_bank(
    admin: Api, make_bank: Callable[[], Bank], query: Query
) -> None:
    bank = make_bank()
    write_pending(query, bank.consumer_id, events_each=3)

    admin.post("/events/skip-head", customer_id=customer_of(query), reason="poison")

    (row,) = audited(query, "POST /events/skip-head")
    assert (row["reason"], row["subject_consumer_id"]) == ("poison", bank.consumer_id)
    assert row["details"]["counts"] == {"released_count": 2}


def test_counting_now_is_told(admin: Api, bank: Bank, query: Query) -> None:
    admin.get("/events/reconcile", consumer_id=bank.consumer_id)

    (row,) = audited(query, "GET /events/reconcile")
    assert row["subject_consumer_id"] == bank.consumer_id
    assert row["details"]["counts"] == {"balanced": True}


def test_person_has_to_give_a_reason(admin: Api, bank: Bank, query: Query) -> None:
    write_pending(query, bank.consumer_id)
    person = sign_in(admin, ANN)

    refused = person.post("/events/resend", period_in_days=1)
    assert (refused.status, refused.description) == (422, "reason: is required")
    assert person.post("/events/resend", period_in_days=1, reason="why").status == 200

    (row,) = audited(query, "POST /events/resend")
    assert (row["actor"], row["reason"]) == (ANN, "why")


def test_reader_tries_and_does_nothing(admin: Api, bank: Bank, query: Query) -> None:
    letter = keep_letter(query, bank)
    write_pending(query, bank.consumer_id)
    reader = sign_in(admin, ANN, read_only=True)
    said = {"reason": "why"}
    acts: list[tuple[str, dict[str, Any]]] = [
        ("/dead-letters/requeue", {"dead_letter_ids": [letter]}),
        ("/dead-letters/resolve", {"dead_letter_ids": [letter]}),
        ("/events/resend", {"period_in_days": 1}),
        ("/events/redeliver", {"period_in_days": 1}),
        ("/events/skip-head", {"customer_id": customer_of(query)}),
        ("/consumer/change-status", {"consumer_id": bank.consumer_id, "status": "deactivated"}),
    ]
    before = everything(query)

    assert {reader.post(path, **body, **said, dry_run=True).status for path, body in acts} == {200}
    assert everything(query) == before
    assert {reader.post(path, **body, **said).status for path, body in acts} == {403}


def test_double_click_skips_one_head(
    admin: Api, make_bank: Callable[[], Bank], query: Query
) -> None:
    bank = make_bank()
    write_pending(query, bank.consumer_id, events_each=3)
    body = {"customer_id": customer_of(query), "reason": "clicked twice"}

    replies = [
        admin("POST", "/events/skip-head", body, headers={"Idempotency-Key": "one"})
        for _ in range(2)
    ]

    assert replies[0].data == replies[1].data
    assert statuses(query, bank.consumer_id) == {"failed": 1, "pending": 2}
    assert len(audited(query, "POST /events/skip-head")) == 1
