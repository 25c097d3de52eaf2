"""Lanes on the relay's tables: turns, leases, the breaker, the throttle, tries and halving."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any

import pytest

from chalicelib.relay.delivery.book import Deliveries, Limits
from fintegrate.database import Database, Row
from fintegrate.outbox.batches import DELIVERED, Batch, Kind, Sent, Verdict
from fintegrate.outbox.lanes import LaneRun, Summary

WAITS = (5.0, 60.0, 300.0)
Answer = Callable[[Batch], Iterable[Verdict | None]]
REFUSED = Verdict(Kind.REFUSED, "its colour is wrong")


class Receivers:
    """Answers in place of the destinations; remembers what each got."""

    def __init__(self) -> None:
        self.got: Counter[int] = Counter()
        self.requests: list[tuple[int, int]] = []
        self.answers: dict[int, Answer] = {}
        self.at_once: Counter[int] = Counter()
        self.most_at_once: Counter[int] = Counter()
        self._alone = threading.Lock()

    def send(self, batch: Batch) -> Sent:
        lane = batch.lane["lane_id"]
        with self._alone:
            self.requests.append((lane, len(batch.rows)))
            self.at_once[lane] += 1
            self.most_at_once[lane] = max(self.most_at_once[lane], self.at_once[lane])
        verdicts = list(self.answers.get(lane, delivered)(batch))
        with self._alone:
            self.at_once[lane] -= 1
            for row, verdict in zip(batch.rows, verdicts, strict=True):
                self.got[row["event"]] += verdict is DELIVERED
        return Sent(batch, verdicts, 1, 200)


def delivered(batch: Batch) -> list[Verdict | None]:
    return [DELIVERED] * len(batch.rows)


def always(kind: Kind, reason: str = "so", wait: float | None = None) -> Answer:
    return lambda batch: [Verdict(kind, reason, wait)] * len(batch.rows)


def halving(bad: Iterable[int]) -> Answer:
    """Refuses what has one of these events, and does not say which."""
    wrong = set(bad)

    def answer(batch: Batch) -> list[Verdict | None]:
        if not wrong & {row["event"] for row in batch.rows}:
            return delivered(batch)
        return [None] * len(batch.rows) if len(batch.rows) > 1 else [REFUSED]

    return answer


@dataclass
class Relay:
    """One lane of the relay, or several; its receivers; and the time, which tests may move."""

    database: Database
    lane: Callable[..., int]
    events: Callable[[int, int], list[int]]
    query: Callable[..., list[dict[str, Any]]]
    receivers: Receivers = field(default_factory=Receivers)

    def run(self, batch: int = 1, seconds: float = 60, senders: int = 8, **more: Any) -> Summary:
        book = self.book(batch, **more)
        return LaneRun(book, self.receivers.send, senders, least_seconds=1).run(seconds)

    def book(self, batch: int = 1, days: float = 7, split: Any = None) -> Deliveries:
        limits = Limits(batch, lambda _row: datetime.now(UTC) + timedelta(days=days), 30, split)
        return Deliveries(self.database, lambda _adapter: limits, WAITS)

    def claimed(self, lane: int, requests: int = 1, batch: int = 1) -> list[Batch]:
        return self.book(batch).claim({"lane_id": lane, "adapter": "webhook"}, requests)

    def told(self, batch: Batch, *verdicts: Verdict | None, requested: bool = True) -> None:
        """Write back one answer alone."""
        self.book().write_back([Sent(batch, verdicts, 1, 200, requested)])

    def later(self) -> None:
        """Every wait is over."""
        self.query("UPDATE event_deliveries SET next_attempt_at = now() WHERE status = 'pending'")
        self.query("UPDATE relay_lanes SET open_until = now() WHERE open_until IS NOT NULL")

    def states(self, lane: int) -> dict[str, int]:
        rows = self.query(
            "SELECT status, count(*) AS n FROM event_deliveries WHERE lane_id = %(lane)s GROUP BY 1",
            lane=lane,
        )
        return {row["status"]: row["n"] for row in rows}

    def health(self, lane: int) -> dict[str, Any]:
        """The lane's row, and the seconds until it opens."""
        (row,) = self.query(
            "SELECT state, reason, failures, open_until = 'infinity' AS for_ever,"
            " CASE WHEN open_until < 'infinity' THEN extract(epoch FROM open_until - now()) END"
            " AS seconds FROM relay_lanes WHERE lane_id = %(lane)s",
            lane=lane,
        )
        return row


@pytest.fixture
def relay(
    database: Database,
    make_lane: Callable[..., int],
    make_events: Callable[[int, int], list[int]],
    query: Callable[..., list[dict[str, Any]]],
) -> Relay:
    return Relay(database, make_lane, make_events, query)


def test_every_event_arrives_once(relay: Relay) -> None:
    lanes = [relay.lane() for _ in range(3)]
    events = [event for lane in lanes for event in relay.events(lane, 30)]

    assert relay.run().rows == {"delivered": 90}
    assert relay.receivers.got == Counter(events)
    assert max(relay.receivers.most_at_once.values()) <= 4


def test_batches_hold_what_they_may(relay: Relay) -> None:
    lane = relay.lane()
    relay.events(lane, 25)

    relay.run(batch=10)

    assert sorted(relay.receivers.requests) == [(lane, 5), (lane, 10), (lane, 10)]


def test_batches_are_split_and_keep_the_bounds(relay: Relay) -> None:
    """As where a request may hold the events of one client only."""
    lane = relay.lane(requests_per_minute=60, concurrency=2)
    events = relay.events(lane, 24)

    def split(_lane: Row, rows: Sequence[Row]) -> list[Sequence[Row]]:
        clients = [[row for row in rows if row["event"] % 3 == client] for client in range(3)]
        return [rows for rows in clients if rows]

    relay.run(batch=6, split=split)

    assert relay.receivers.got == Counter(events)
    assert relay.receivers.most_at_once[lane] <= 2
    assert len(relay.receivers.requests) <= 9
    (account,) = relay.query("SELECT 10 - tokens AS spent FROM relay_accounts")
    assert len(relay.receivers.requests) - 2 < account["spent"] <= len(relay.receivers.requests)


def test_one_bad_event_is_found_by_halving(relay: Relay) -> None:
    lane = relay.lane(concurrency=1)
    bad = relay.events(lane, 64)[17]
    relay.receivers.answers[lane] = halving([bad])

    relay.run(batch=64)

    assert relay.states(lane) == {"delivered": 63, "failed": 1}
    assert len(relay.receivers.requests) <= 1 + 2 * 6
    assert max(relay.receivers.got.values()) == 1
    assert relay.receivers.most_at_once[lane] == 1


def test_halves_of_a_closed_lane_are_released(relay: Relay) -> None:
    lane = relay.lane()
    relay.events(lane, 8)
    (batch,) = relay.claimed(lane, batch=8)
    relay.query("UPDATE relay_lanes SET state = 'failing', open_until = now() + interval '30 s'")

    assert relay.book(8).renew([batch]) == []
    assert relay.query("SELECT count(*) AS n FROM event_deliveries WHERE lease_until IS NULL") == [
        {"n": 8}
    ]


def test_outage_spends_no_try(relay: Relay) -> None:
    lane = relay.lane()
    relay.events(lane, 1)
    relay.receivers.answers[lane] = always(Kind.OUTAGE)

    for _ in range(12):
        relay.later()
        relay.run()
    health = relay.health(lane)
    relay.receivers.answers.clear()
    relay.later()
    relay.run()

    assert (health["state"], health["failures"]) == ("failing", 12)
    assert len(relay.receivers.requests) == 13
    assert relay.states(lane) == {"delivered": 1}
    assert relay.health(lane)["state"] == "open"


def test_event_that_fells_its_receiver_ends(relay: Relay) -> None:
    lane = relay.lane()
    (poison,) = relay.events(lane, 1)
    relay.receivers.answers[lane] = lambda batch: [
        Verdict(Kind.OUTAGE, "HTTP 500") if batch.rows[0]["event"] == poison else DELIVERED
    ]

    for _ in range(len(WAITS) + 1):
        relay.events(lane, 2)
        relay.later()
        relay.run()

    (ended,) = relay.query("SELECT * FROM event_deliveries WHERE event = %(event)s", event=poison)
    assert (ended["status"], ended["reason"]) == ("failed", "tries_spent: HTTP 500")
    assert relay.states(lane) == {"delivered": 2 * (len(WAITS) + 1), "failed": 1}


def test_each_probe_has_another_event(relay: Relay) -> None:
    lane = relay.lane(concurrency=1)
    relay.events(lane, 12)
    tried: list[int] = []

    def away(batch: Batch) -> list[Verdict]:
        tried.append(batch.rows[0]["event"])
        return [Verdict(Kind.OUTAGE, "timeout")]

    relay.receivers.answers[lane] = away
    relay.run()
    assert len(tried) == 5
    for _ in range(5):
        relay.query("UPDATE relay_lanes SET open_until = now()")
        relay.run()

    assert len(tried) == len(set(tried)) == 10


def test_outages_under_way_are_one_failure(relay: Relay) -> None:
    """Sixteen requests of a dying receiver close the lane for 30 seconds, not for 15 minutes."""
    lane = relay.lane(concurrency=16)
    relay.events(lane, 16)
    batches = relay.claimed(lane, 16)
    away = Verdict(Kind.OUTAGE, "reset")

    relay.book().write_back([Sent(batch, [away]) for batch in batches[:12]])
    first = relay.health(lane)
    relay.book().write_back([Sent(batch, [away]) for batch in batches[12:]])
    second = relay.health(lane)

    assert (first["state"], first["failures"], second["failures"]) == ("failing", 5, 5)
    assert second["seconds"] <= 30
    relay.later()
    relay.told(relay.claimed(lane)[0], away)
    assert relay.health(lane)["failures"] == 6
    assert 30 < relay.health(lane)["seconds"] <= 60


@pytest.mark.parametrize(
    ("word", "state", "at_least"),
    [
        (Verdict(Kind.CONFIGURATION, "HTTP 401"), "blocked", 800),
        (Verdict(Kind.CONFIGURATION, "HTTP 410", inf), "blocked", None),
        (Verdict(Kind.OVERLOAD, "HTTP 429", 120), "waiting", 100),
        (Verdict(Kind.OUTAGE, "HTTP 503", 120), "waiting", 100),
    ],
)
def test_what_was_under_way_opens_no_lane(
    relay: Relay, word: Verdict, state: str, at_least: float | None
) -> None:
    lane = relay.lane(concurrency=8)
    relay.events(lane, 8)
    first, *others = relay.claimed(lane, 8)
    relay.told(first, word)
    late = [
        *(DELIVERED, REFUSED, Verdict(Kind.OUTAGE), Verdict(Kind.OVERLOAD, "", 1)),
        *(Verdict(Kind.SKIPPED, "unmapped_event"), Verdict(Kind.POSTPONED)),
    ]

    for batch, verdict in zip(others, late, strict=False):
        relay.told(batch, verdict, requested=verdict.kind is not Kind.SKIPPED)
        health = relay.health(lane)
        assert health["state"] == state, verdict
        assert health["for_ever"] if at_least is None else health["seconds"] > at_least, verdict
    assert relay.health(lane)["reason"] == word.reason
    assert relay.claimed(lane) == []


def test_word_to_stop_stands_whatever_came_with_it(relay: Relay) -> None:
    lane = relay.lane()
    relay.events(lane, 3)
    one, two, three = relay.claimed(lane, 3)
    wait = Verdict(Kind.OVERLOAD, "HTTP 429", 300)

    relay.book().write_back([Sent(one, [DELIVERED]), Sent(two, [wait]), Sent(three, [DELIVERED])])

    assert relay.health(lane)["state"] == "waiting"
    assert relay.health(lane)["seconds"] > 250


def test_probe_that_was_not_sent_leaves_its_turn(relay: Relay) -> None:
    lane = relay.lane()
    relay.events(lane, 2)
    relay.query("UPDATE relay_lanes SET state = 'failing', failures = 7, open_until = now()")
    (probe,) = relay.claimed(lane, 4)
    assert probe.is_probe
    assert relay.claimed(lane) == []

    relay.told(probe, Verdict(Kind.SKIPPED, "unmapped_event"), requested=False)
    (another,) = relay.claimed(lane)
    relay.told(another, DELIVERED)

    assert relay.health(lane)["state"] == "open"


def test_wrong_configuration_blocks_the_lane(relay: Relay) -> None:
    blocked, other = relay.lane(), relay.lane()
    relay.events(blocked, 20)
    relay.events(other, 20)
    relay.receivers.answers[blocked] = always(Kind.CONFIGURATION, "the token has expired")

    relay.run()

    assert relay.states(blocked) == {"pending": 20}
    assert relay.states(other) == {"delivered": 20}
    health = relay.health(blocked)
    assert (health["state"], health["reason"]) == ("blocked", "the token has expired")
    sent = len(relay.receivers.requests)
    assert relay.run().requests == 0
    relay.later()
    relay.run()
    assert len(relay.receivers.requests) == sent + 1
    assert relay.query("SELECT max(try_count) AS n FROM event_deliveries") == [{"n": 0}]


def test_lane_whose_keys_are_missing_notes_nothing(relay: Relay) -> None:
    lane = relay.lane()
    relay.events(lane, 1)
    (batch,) = relay.claimed(lane)

    relay.told(batch, Verdict(Kind.CONFIGURATION, "RELAY_KEYS: no k1"), requested=False)

    assert relay.health(lane)["state"] == "blocked"
    assert relay.query("SELECT attempt_count, last_attempt_at, status FROM event_deliveries") == [
        {"attempt_count": 0, "last_attempt_at": None, "status": "pending"}
    ]
    assert relay.query("SELECT id FROM event_attempts") == []


def test_attempts_are_bounded_and_the_last_is_there(relay: Relay) -> None:
    lane = relay.lane()
    relay.events(lane, 1)
    for _ in range(25):
        relay.later()
        relay.told(relay.claimed(lane)[0], Verdict(Kind.OUTAGE, "timeout"))
    relay.later()
    relay.told(relay.claimed(lane)[0], DELIVERED)

    noted = [row["status"] for row in relay.query("SELECT status FROM event_attempts ORDER BY id")]
    assert noted == ["outage"] * 19 + ["delivered"]


def test_overload_waits_as_told(relay: Relay) -> None:
    lane = relay.lane(concurrency=1)
    relay.events(lane, 3)
    relay.receivers.answers[lane] = always(Kind.OVERLOAD, "HTTP 429", 120)

    relay.run()

    health = relay.health(lane)
    assert health["state"] == "waiting"
    assert 60 < health["seconds"] <= 120
    assert relay.query("SELECT max(try_count) AS n FROM event_deliveries") == [{"n": 0}]
    assert len(relay.receivers.requests) == 1


def test_mass_refusal_stops_the_lane(relay: Relay) -> None:
    lane = relay.lane(concurrency=1)
    relay.events(lane, 80)
    relay.receivers.answers[lane] = always(Kind.REFUSED)

    relay.run()

    assert relay.states(lane) == {"failed": 50, "pending": 30}
    assert relay.health(lane)["reason"] == "refuses_everything"


@pytest.mark.parametrize(("minutes", "sent"), [(0.0, 0), (1.5, 1), (30.0, 1)])
def test_slow_account_saves_up_for_one_request(relay: Relay, minutes: float, sent: int) -> None:
    lane = relay.lane(requests_per_minute=1)
    relay.events(lane, 3)
    relay.query(
        "UPDATE relay_accounts SET tokens = 0, refilled_at = now() - make_interval(secs => %(s)s)",
        s=minutes * 60,
    )

    relay.run()

    assert len(relay.receivers.requests) == sent
    wait = relay.book().wait()
    assert wait is not None
    assert 20 < wait <= 60


def test_account_gives_no_more_than_its_rate(relay: Relay) -> None:
    lane = relay.lane(requests_per_minute=1)
    relay.events(lane, 10)
    relay.query("UPDATE relay_accounts SET tokens = 3, refilled_at = now()")
    relay.query("UPDATE relay_lanes SET requests_per_minute = 20")

    relay.run(seconds=1)

    assert len(relay.receivers.requests) == 3


def test_last_try_comes_before_the_age_limit(relay: Relay) -> None:
    lane = relay.lane()
    relay.events(lane, 1)
    due = "SELECT extract(epoch FROM next_attempt_at - now()) AS seconds FROM event_deliveries"
    waits = []
    for days in (7.0, 63 / 86_400, 30 / 86_400):
        (batch,) = relay.claimed(lane)
        relay.book(days=days).write_back([Sent(batch, [Verdict(Kind.OUTAGE, "timeout")])])
        waits += [float(relay.query(due)[0]["seconds"])]
        relay.later()

    ordinary, before_the_limit, at_the_limit = waits
    assert 3 < ordinary <= 6
    assert before_the_limit <= 3
    assert 20 < at_the_limit <= 30


def test_lost_lease_writes_nothing_back(relay: Relay) -> None:
    lane = relay.lane()
    relay.events(lane, 1)
    (slow,) = relay.claimed(lane)
    relay.later()
    (fast,) = relay.claimed(lane)

    relay.told(slow, Verdict(Kind.REFUSED, "too late"))
    assert relay.states(lane) == {"pending": 1}
    assert relay.book().renew([slow]) == []
    relay.told(fast, DELIVERED)
    assert relay.states(lane) == {"delivered": 1}
    assert relay.query("SELECT count(*) AS n FROM event_attempts") == [{"n": 2}]


def test_two_processes_share_a_lane(relay: Relay) -> None:
    lane = relay.lane(concurrency=4)
    events = relay.events(lane, 60)
    runs = [threading.Thread(target=relay.run, kwargs={"senders": 4}) for _ in range(2)]
    for each in runs:
        each.start()
    for each in runs:
        each.join()

    assert relay.receivers.got == Counter(events)


def test_paused_lane_keeps_its_backlog(relay: Relay) -> None:
    lane = relay.lane()
    relay.events(lane, 3)
    relay.query("UPDATE relay_lanes SET paused = true")

    assert relay.run().requests == 0
    assert relay.book().wait() is None
    assert relay.states(lane) == {"pending": 3}


def test_our_own_fault_ends_the_event(relay: Relay) -> None:
    lane = relay.lane()
    relay.events(lane, 1)

    def crash(_batch: Batch) -> list[Verdict | None]:
        raise ZeroDivisionError

    relay.receivers.answers[lane] = crash
    for _ in range(len(WAITS)):
        relay.later()
        relay.run()

    (ended,) = relay.query("SELECT status, reason FROM event_deliveries")
    assert ended["status"] == "failed"
    assert "ZeroDivisionError" in str(ended["reason"])
    assert relay.health(lane)["state"] == "open"
