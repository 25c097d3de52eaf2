"""GET /overview: what waits, what needs somebody, and the last hour; a bank sees its own."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from chalicelib.banking.overview.read_overview import ANSWERS, PAST
from chalicelib.banking.overview.reading import FIRST_STEPS
from chalicelib.banking.tenants import ADMIN_ID
from tests.integration.banking.overview.written import (
    seconds,
    write_event,
    write_letter,
    write_receipt,
)
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.schedules import run_schedule


def ago(number: float) -> datetime:
    return datetime.now(UTC) - seconds(number)


def stream_of(answer: dict[str, Any], bank: Bank) -> dict[str, Any]:
    (row,) = (each for each in answer["streams"] if each["consumer_id"] == bank.consumer_id)
    return dict(row)


def observe(query: Query, bank: Bank, ready: int, readers: int) -> None:
    query(
        "INSERT INTO queue_observations VALUES (%(id)s, true, %(ready)s, 0, %(readers)s, now())"
        " ON CONFLICT (consumer_id) DO UPDATE"
        " SET ready = excluded.ready, consumers = excluded.consumers",
        id=bank.consumer_id,
        ready=ready,
        readers=readers,
    )


def balance(query: Query, *tenants: dict[str, Any], balanced: bool = True) -> None:
    report = json.dumps({"balanced": balanced, "tenants": tenants})
    query("INSERT INTO last_reconciliation VALUES (true, now(), %(report)s)", report=report)


def test_system_without_banks_explains_itself(admin: Api) -> None:
    answer = admin.get("/overview").data

    assert answer["verdict"] == {"level": "ok", "sentence": FIRST_STEPS, "count": 0}
    assert answer["attention"] == []
    assert answer["system"]["reconciliation"] is None
    assert {server["name"] for server in answer["system"]["servers"]} == {
        "database",
        "broker",
        "cache",
    }
    assert answer["last_hour"][0]["committed"] is None


def test_unknown_bank_is_not_found(admin: Api) -> None:
    assert admin.get("/overview", consumer_id=str(uuid.uuid4())).status == 404


def test_operators_queue_may_stay_unread(admin: Api, bank: Bank, query: Query) -> None:
    """Until somebody has confirmed one of its events."""
    balance(query)
    query(
        "INSERT INTO queue_observations SELECT consumer_id, true, 1, 0, 0, now() FROM consumers"
        " WHERE consumer_id = %(id)s",
        id=ADMIN_ID,
    )
    assert admin.get("/overview").data["attention"] == []

    (event,) = query("SELECT event_id FROM customer_events WHERE consumer_id = %(id)s", id=ADMIN_ID)
    admin.post("/events/confirm-delivery", event_id=str(event["event_id"]), status="received")

    (entry,) = admin.get("/overview").data["attention"]
    assert entry["condition"] == "queue_without_reader"


def test_events_show_at_once(admin: Api, bank: Bank, query: Query) -> None:
    balance(query)
    run_schedule("write_minutes")
    bank.create_customer()

    answer = admin.get("/overview").data

    assert answer["verdict"]["sentence"] == "Everything arrives."
    assert answer["pipeline"]["committed"] == {"last_minute": 2, "last_hour": 2}
    assert answer["pipeline"]["published"]["last_minute"] == 2
    assert answer["pipeline"]["queue"]["count"] == 2
    row = stream_of(answer, bank)
    assert (row["in_queue"], row["pending"], row["committed_24h"]) == (1, 0, 1)
    assert (row["queue_depth"], row["readers"], row["observed_at"]) == (None, None, None)
    assert len(row["spark"]) == len(answer["last_hour"]) == 60
    assert sum(point["committed"] for point in answer["last_hour"]) == 2


def test_oldest_receipt_tells_the_age(admin: Api, bank: Bank, query: Query) -> None:
    """It may be that of a younger event than the oldest."""
    for written, said in ((300, 100), (290, 280), (90, 80)):
        at = ago(written)
        event_id = write_event(query, bank.consumer_id, at, published_at=at, delivered_at=at)
        write_receipt(query, event_id, "received", ago(said))

    waiting = admin.get("/overview", consumer_id=bank.consumer_id).data["pipeline"]["bank"]

    assert waiting["count"] == 3
    assert 280 <= waiting["oldest_seconds"] < 290


def test_states_are_counted_apart(admin: Api, bank: Bank, query: Query) -> None:
    at = ago(100)
    write = bank.consumer_id
    subject = "7b0e3b7e-5c0b-4f6e-9d55-0d6c0d1c2f10"
    for sequence in (1, 2, 3):
        write_event(query, write, at, customer_id=subject, sequence=sequence)
    write_event(query, write, at, publish_status="failed", publish_failure_reason="NO_ROUTE")
    write_event(query, write, at, published_at=at)
    received = write_event(query, write, at, published_at=at, delivered_at=at)
    write_receipt(query, received, "received", at)
    again = write_event(query, write, at, published_at=at)  # it was sent again since
    write_receipt(query, again, "received", at)
    processed = write_event(query, write, at, published_at=at, delivered_at=at)
    write_receipt(query, processed, "processed", at)
    for reason in ("account blocked", "dead-lettered: expired", "dead-lettered: rejected"):
        event_id = write_event(
            query,
            write,
            at,
            published_at=at,
            deliver_status="failed",
            deliver_failure_reason=reason,
        )
        if reason.startswith("dead"):
            write_letter(query, write, event_id, at)
    query(
        "UPDATE dead_letters SET resolved_at = now(), resolved_by = 'anna', resolved_reason = 'seen'"
        " WHERE event_id = %(id)s",
        id=event_id,
    )
    write_letter(query, write, None, at)

    answer = admin.get("/overview", consumer_id=write).data

    row = stream_of(answer, bank)
    found = ("pending", "held_back", "in_queue", "received", "publish_failed")
    assert [row[name] for name in found] == [3, 2, 2, 1, 1]
    assert (row["delivery_failed"], row["dead_letters"]) == (1, 1)
    assert answer["pipeline"]["failed"]["unmatched"] == 1
    assert answer["pipeline"]["outbox"]["oldest_seconds"] >= 100
    assert [entry["condition"] for entry in answer["attention"]] == [
        "publishing_given_up",
        "dead_letters",
        "unmatched_dead_letters",
    ]


def test_full_queue_is_the_banks_side(admin: Api, bank: Bank, query: Query) -> None:
    """The same wait is the broker's side while the bank's queue does not refuse."""
    write_event(query, bank.consumer_id, ago(600))
    ANSWERS.clear()
    before = {entry["condition"]: entry for entry in admin.get("/overview").data["attention"]}
    query(
        "INSERT INTO publishing_pauses (consumer_id, probe_at, reason)"
        " VALUES (%(id)s, now(), 'nacked')",
        id=bank.consumer_id,
    )
    ANSWERS.clear()
    after = {entry["condition"]: entry for entry in admin.get("/overview").data["attention"]}

    assert before["pending_too_long"]["side"] == "broker"
    assert after["pending_too_long"]["side"] == "bank"
    assert after["pending_too_long"]["title"] == f"{bank.name}: its queue refuses events"


def test_worst_bank_comes_first(admin: Api, make_bank: Callable[[], Bank], query: Query) -> None:
    balance(query)
    calm, behind, unread = make_bank(), make_bank(), make_bank()
    observe(query, calm, 3, 1)
    write_event(
        query,
        behind.consumer_id,
        ago(10),
        published_at=ago(9),
        deliver_status="failed",
        deliver_failure_reason="account blocked",
    )
    observe(query, unread, 5, 0)

    answer = admin.get("/overview").data

    order = [row["name"] for row in answer["streams"]]
    assert order[:2] == [unread.name, behind.name]
    (first, second) = answer["attention"]
    assert first["title"] == f"{unread.name}: nobody reads its queue"
    assert (first["side"], first["heals"], first["level"]) == ("bank", True, "bad")
    assert second["condition"] == "dead_letters"
    assert answer["verdict"] == {
        "level": "bad",
        "sentence": "Nothing is lost. 1 thing needs you, 1 heals by itself.",
        "count": 2,
    }


def trouble(query: Query, bank: Bank) -> None:
    """Events of a bank in every place, a full queue, and letters that match nothing."""
    for age in (500, 5_000):
        write_event(query, bank.consumer_id, ago(age))
        write_event(query, bank.consumer_id, ago(age), published_at=ago(age))
    write_event(query, bank.consumer_id, ago(90), publish_status="failed")
    write_letter(query, bank.consumer_id, None, ago(90))
    write_letter(query, None, None, ago(90))
    observe(query, bank, 90_000, 0)


def test_bank_sees_only_its_own(admin: Api, make_bank: Callable[[], Bank], query: Query) -> None:
    own, other = make_bank(), make_bank()
    run_schedule("write_minutes")
    own.create_customer()
    for _ in range(7):
        other.create_customer()
    trouble(query, other)
    for bank in (own, other):
        query(
            "UPDATE consumer_api_keys SET expires_at = now() + interval '2 days'"
            " WHERE consumer_id = %(id)s",
            id=bank.consumer_id,
        )
    balance(
        query,
        {"consumer_id": own.consumer_id, "balanced": True, "discrepancies": {"missing_events": 0}},
        {
            "consumer_id": other.consumer_id,
            "balanced": False,
            "discrepancies": {"missing_events": 4},
        },
        balanced=False,
    )

    answer = own.api.get("/overview").data

    text = json.dumps(answer)
    assert other.name not in text
    assert other.consumer_id not in text
    assert [row["name"] for row in answer["streams"]] == [own.name]
    assert answer["pipeline"]["committed"]["last_hour"] == 1
    assert answer["pipeline"]["queue"]["count"] == 1
    assert answer["pipeline"]["failed"] == dict.fromkeys(answer["pipeline"]["failed"], 0)
    assert answer["system"]["reconciliation"]["balanced"] is True
    assert answer["system"]["reconciliation"]["discrepancies"] == 0
    (entry,) = answer["attention"]
    assert (entry["condition"], entry["view"], entry["act"]) == ("key_expires_soon", "/now", None)
    assert own.api.get("/overview", consumer_id=other.consumer_id).status == 404
    of_all = admin.get("/overview").data
    assert of_all["verdict"]["sentence"].startswith("The ledger does not balance.")
    assert {"not_balanced", "unmatched_dead_letters"} <= {
        entry["condition"] for entry in of_all["attention"]
    }
    assert "A queue of no bank: dead letters match no event" in {
        entry["title"] for entry in of_all["attention"]
    }


def test_same_answer_is_not_sent_again(admin: Api, bank: Bank) -> None:
    ANSWERS.seconds = 60.0
    assert admin.key is not None
    version = admin.get("/overview").headers["ETag"]
    headers = {"X-API-Key": admin.key, "If-None-Match": version}

    def again() -> dict[str, Any]:
        return admin.send("GET", "/overview", "", headers, b"", "127.0.0.1")

    same = again()
    assert (same["statusCode"], same["body"]) == (304, "")
    ANSWERS.clear()
    bank.create_customer()
    changed = again()
    assert changed["statusCode"] == 200
    assert version not in changed["headers"].values()


def test_counts_show_once_they_are_made(admin: Api, bank: Bank, query: Query) -> None:
    """Although what was counted is kept."""
    PAST.seconds = 60.0
    before = admin.get("/overview").data
    run_schedule("write_minutes")
    counted = admin.get("/overview").data
    balance(query)
    reconciled = admin.get("/overview").data

    assert before["last_hour"][0]["committed"] is None
    assert counted["last_hour"][1]["committed"] == 0
    assert counted["system"]["reconciliation"] is None
    assert reconciled["system"]["reconciliation"]["balanced"] is True


def test_late_schedule_needs_somebody(admin: Api, bank: Bank, query: Query) -> None:
    balance(query)
    admin.get("/overview")
    query(
        "UPDATE schedule_runs SET expected_since = now() - interval '1 day', last_success_at ="
        " CASE WHEN schedule = 'resend' THEN now() - interval '181 seconds' ELSE now() END"
    )

    entries = admin.get("/overview").data["attention"]

    assert [entry["title"] for entry in entries] == ["A schedule does not run: resend"]
    assert bank.api.get("/overview").data["attention"] == []


def test_old_ledger_is_no_promise(admin: Api, bank: Bank, query: Query) -> None:
    balance(query)
    query("UPDATE last_reconciliation SET taken_at = now() - interval '10801 seconds'")

    answer = admin.get("/overview").data

    assert [entry["condition"] for entry in answer["attention"]] == ["not_reconciled"]
    assert answer["verdict"]["sentence"] == "1 heals by itself."
