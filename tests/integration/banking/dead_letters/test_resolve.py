"""Resolve: a letter is seen to and counted no more; it stays, with who, when and why."""

from __future__ import annotations

import uuid

from tests.integration.banking.dead_letters.kept import everything, keep_letter
from tests.support.api import Api, Reply
from tests.support.banking import Bank
from tests.support.fixtures import Query


def resolve(admin: Api, *dead_letter_ids: str, **fields: object) -> Reply:
    said = {"dead_letter_ids": dead_letter_ids, "reason": "not ours", **fields}
    return admin.post("/dead-letters/resolve", **said)


def open_figures(admin: Api) -> tuple[int, int, float, float]:
    """Failed deliveries and unmatched letters: by the endpoint, then by the gauges."""
    health = admin.get("/events/health").data
    gauges = dict(
        line.rsplit(" ", 1)
        for line in str(admin.send("GET", "/metrics", "", {"X-API-Key": admin.key or ""}, b"", "")
                        ["body"]).splitlines()
        if not line.startswith("#")
    )  # fmt: skip
    return (
        health["delivery_failed_count"],
        health["unmatched_dead_letter_count"],
        float(gauges["fintegrate_events_delivery_failed"]),
        float(gauges["fintegrate_dead_letters_unmatched"]),
    )


def test_resolved_letters_count_no_more(
    bank: Bank, admin: Api, event_id: str, query: Query
) -> None:
    matched, unmatched = keep_letter(query, bank, event_id), keep_letter(query, bank)
    assert open_figures(admin) == (1, 1, 1, 1)

    assert resolve(admin, matched, unmatched).data == {"resolved": 2, "skipped": 0}

    assert open_figures(admin) == (0, 0, 0, 0)
    for letter in admin.get("/dead-letters/list", resolved="true").data["dead_letters"]:
        assert (letter["resolved_by"], letter["resolved_reason"]) == ("system_default", "not ours")
        assert letter["requeued_at"] is None
    event = bank.api.get("/events/data", event_id=event_id).data
    assert event["dead_letters"][0]["resolved_at"]
    assert bank.api.get("/events/list", deliver_status="failed").data["events"]


def test_newer_letter_opens_its_event_again(
    bank: Bank, admin: Api, event_id: str, query: Query
) -> None:
    resolve(admin, keep_letter(query, bank, event_id))

    keep_letter(query, bank, event_id)

    assert open_figures(admin)[0] == 1


def test_ledger_stays_balanced(bank: Bank, admin: Api, event_id: str, query: Query) -> None:
    resolve(admin, keep_letter(query, bank, event_id))

    report = admin.get("/events/reconcile", consumer_id=bank.consumer_id).data

    assert report["balanced"] is True
    assert report["tenants"][0]["dead_lettered"] == 1


def test_second_resolution_is_a_conflict(bank: Bank, admin: Api, query: Query) -> None:
    letter = keep_letter(query, bank)
    resolve(admin, letter)

    assert resolve(admin, letter).status == 409
    assert resolve(admin, str(uuid.uuid4())).status == 404


def test_resolution_needs_the_admin_and_a_reason(bank: Bank, admin: Api, query: Query) -> None:
    letter = keep_letter(query, bank)

    assert resolve(bank.api, letter).status == 403
    assert resolve(admin, letter, reason="").status == 422
    assert admin.post("/dead-letters/resolve", dead_letter_ids=[letter]).status == 422


def test_dry_run_resolves_nothing(bank: Bank, admin: Api, query: Query) -> None:
    letter = keep_letter(query, bank)
    before = everything(query)

    told = admin.post("/dead-letters/resolve", dead_letter_ids=[letter], dry_run=True).data

    assert (told["matched"], told["by_state"]) == (1, {"unmatched": 1})
    assert everything(query) == before
