"""Lists of random events hold against a model: each filter, alone and in pairs, all pages, the count."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.banking.events import listing
from tests.support.api import Api
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.written_events import BEGIN, Model, random_events

EVENTS = 90
FROM = (BEGIN + timedelta(seconds=20)).isoformat()
TO = (BEGIN + timedelta(seconds=70)).isoformat()


def choices(model: Model) -> list[dict[str, Any]]:
    """Values of each filter, with such that match nothing."""
    customer = model.events[0].customer_id
    return [
        *({"states": [state]} for state in sorted({model.state(each) for each in model.events})),
        {"states": ["waiting", "received", "dead_lettered"]},
        {"event_types": ["customer_creation"]},
        {"event_types": ["customer_deletion", "consumer_created"]},
        {"event_type": "customer_status_change"},
        *({"publish_status": status} for status in ("pending", "published", "failed")),
        *({"deliver_status": status} for status in ("pending", "delivered", "failed")),
        {"customer_id": customer},
        {"customer_id": "00000000-0000-4000-8000-000000000000"},
        {"request_id": "r-2"},
        {"request_id": "r-none"},
        {"reason": "BROKER"},
        {"reason": "% of it_"},
        {"reason": "dead-"},
        {"from": FROM},
        {"to": TO},
        {"from": FROM, "to": TO, "payload_contains": "100%"},
        {"from": FROM, "to": TO, "payload_contains": "o_b"},
        {"order": "oldest"},
    ]


def pages(api: Api, filters: dict[str, Any]) -> tuple[list[str], list[Any]]:
    """The ids of every page, and the first page's count."""
    found: list[str] = []
    asked: dict[str, Any] = {**filters, "limit": 7}
    counts: list[Any] = []
    while True:
        reply = api.get("/events/list", **asked)
        assert reply.status == 200, (filters, reply)
        found += [row["event_id"] for row in reply.data["events"]]
        counts.append((reply.data["total"], reply.data["at_least"]))
        if reply.data["next_cursor"] is None:
            return found, counts
        asked["cursor"] = reply.data["next_cursor"]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("looked_at", [5, listing.LOOKED_AT])
def test_lists_hold_against_model(
    make_bank: Callable[[], Bank],
    admin: Api,
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
    looked_at: int,
) -> None:
    chance = random.Random(seed)
    banks = [make_bank(), make_bank()]
    model = random_events(chance, [bank.consumer_id for bank in banks], EVENTS)
    for event in model.events:
        event.write(query)
    monkeypatch.setattr(listing, "LOOKED_AT", looked_at)
    alone = choices(model)
    pairs = [{**one, **other} for one, other in itertools.combinations(alone, 2)]
    before = {"to": (BEGIN + timedelta(days=1)).isoformat()}  # without what the fixtures write

    for filters in [*alone, *chance.sample(pairs, 60)]:
        asked = {**before, **filters}
        bank = chance.choice(banks)
        for api, consumer_id in ((bank.api, bank.consumer_id), (admin, None)):
            found, counts = pages(api, asked)
            expected = model.listed(consumer_id, asked)
            assert found == expected, (seed, asked)
            is_counted = "payload_contains" not in asked or len(counts) == 1
            wanted = (len(expected), False) if "payload_contains" not in asked else (None, False)
            assert not is_counted or counts[0] == wanted, (seed, asked)
            assert set(counts[1:]) <= {(None, False)}


def test_rows_say_the_state(bank: Bank, query: Query) -> None:
    model = random_events(random.Random(3), [bank.consumer_id], 40)
    for event in model.events:
        event.write(query)

    rows = bank.api.get("/events/list", limit=200, to=(BEGIN + timedelta(days=1)).isoformat()).data

    said = {row["event_id"]: row["state"] for row in rows["events"]}
    assert said == {event.event_id: model.state(event) for event in model.events}
    assert {row["consumer_name"] for row in rows["events"]} == {bank.name}
    failed = {"publish_failed", "delivery_failed", "dead_lettered"}
    assert all((row["lag_ms"] is None) == (row["state"] in failed) for row in rows["events"])
