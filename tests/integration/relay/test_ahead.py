"""What lanes claim ahead, on the relay's tables: what accounts give for it, and what reaches it."""

from __future__ import annotations

from typing import Any

import pytest

from fintegrate.outbox import served_lane
from fintegrate.outbox.batches import DELIVERED, Batch, Kind, Verdict
from tests.integration.relay.test_lanes import REFUSED, Relay

LEASED = "SELECT count(*) AS n FROM event_deliveries WHERE lease_token IS NOT NULL"
STATE = "SELECT status, reason FROM event_deliveries WHERE event = %(event)s"


@pytest.fixture
def relay(database: Any, make_lane: Any, make_events: Any, query: Any) -> Relay:
    return Relay(database, make_lane, make_events, query)


def tokens(relay: Relay) -> float:
    (account,) = relay.query("SELECT tokens FROM relay_accounts")
    return float(account["tokens"])


@pytest.mark.parametrize("bad", [0, 8])
def test_each_request_takes_one_token(relay: Relay, bad: int) -> None:
    """Also where refusals send what is ready through the book again."""
    lane = relay.lane(requests_per_minute=600)
    events = relay.events(lane, 60)
    wrong = set(events[10 : 10 + bad])
    relay.receivers.answers[lane] = lambda batch: [
        REFUSED if batch.rows[0]["event"] in wrong else DELIVERED
    ]
    before = tokens(relay)

    assert relay.run().requests == 60
    assert before - tokens(relay) <= 60


def test_pause_reaches_what_is_ready(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here what is ready is looked at again at once, not after a second."""
    monkeypatch.setattr(served_lane, "FRESH_SECONDS", 0.0)
    lane = relay.lane()
    pausing = relay.events(lane, 200)[60]

    def answer(batch: Batch) -> list[Verdict]:
        if batch.rows[0]["event"] == pausing:
            relay.query("UPDATE relay_lanes SET paused = true")
        return [DELIVERED]

    relay.receivers.answers[lane] = answer
    relay.run()

    assert 61 <= len(relay.receivers.requests) <= 61 + 2 * 4
    assert relay.query(LEASED) == [{"n": 0}]


def test_word_to_stop_releases_what_is_ready(relay: Relay) -> None:
    lane = relay.lane()
    stopping = relay.events(lane, 200)[60]
    relay.receivers.answers[lane] = lambda batch: [
        Verdict(Kind.CONFIGURATION, "HTTP 401") if batch.rows[0]["event"] == stopping else DELIVERED
    ]

    relay.run()

    assert relay.health(lane)["state"] == "blocked"
    assert len(relay.receivers.requests) <= 61 + 2 * 4
    assert relay.query(LEASED) == [{"n": 0}]
    assert relay.query(STATE, event=stopping) == [{"status": "pending", "reason": "HTTP 401"}]


def test_release_gives_the_tokens_back(relay: Relay) -> None:
    lane = relay.lane(requests_per_minute=60)
    relay.events(lane, 8)
    before = tokens(relay)
    claimed = relay.claimed(lane, 8)
    assert tokens(relay) < before - 7

    relay.book().release(claimed)

    assert tokens(relay) >= before
    assert relay.query(LEASED) == [{"n": 0}]
    assert len(relay.claimed(lane, 8)) == 8


def test_released_probe_leaves_its_turn(relay: Relay) -> None:
    lane = relay.lane()
    relay.events(lane, 2)
    relay.query("UPDATE relay_lanes SET state = 'failing', failures = 7, open_until = now()")
    probes = relay.claimed(lane)
    assert relay.claimed(lane) == []

    relay.book().release(probes)

    assert len(relay.claimed(lane)) == 1
