"""Lanes on the relay's tables: turns, leases, the breaker, the throttle, tries and halving."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.relay.delivery.book import Deliveries, Limits
from fintegrate.database import Database
from fintegrate.outbox.lanes import DELIVERED, Batch, Kind, LaneRun, Sent, Summary, Verdict

MakeLane = Callable[..., int]
MakeEvents = Callable[[int, int], list[int]]
Query = Callable[..., list[dict[str, Any]]]
STATES = "SELECT status, count(*) AS n FROM event_deliveries WHERE lane_id = %(lane)s GROUP BY 1"
DUE = "UPDATE event_deliveries SET next_attempt_at = now() WHERE status = 'pending'"
OPEN = "UPDATE relay_lanes SET open_until = now() WHERE open_until IS NOT NULL"
LANE = "SELECT state, reason, failures, open_until FROM relay_lanes WHERE lane_id = %(lane)s"
WAITS = (5.0, 60.0, 300.0)


class Receivers:
    """Answers in place of the destinations; remembers what each got."""

    def __init__(self) -> None:
        self.got: Counter[int] = Counter()
        self.requests: list[tuple[int, int]] = []
        self.answers: dict[int, Callable[[Batch], Iterable[Verdict | None]]] = {}
        self.at_once: Counter[int] = Counter()
        self.most_at_once: Counter[int] = Counter()
        self._alone = threading.Lock()

    def send(self, batch: Batch) -> Sent:
        lane = batch.lane["lane_id"]
        with self._alone:
            self.requests.append((lane, len(batch.rows)))
            self.at_once[lane] += 1
            self.most_at_once[lane] = max(self.most_at_once[lane], self.at_once[lane])
        verdicts = list(self.answers.get(lane, _all_delivered)(batch))
        with self._alone:
            self.at_once[lane] -= 1
            for row, verdict in zip(batch.rows, verdicts, strict=True):
                self.got[row["event"]] += verdict is DELIVERED
        return Sent(batch, verdicts, 1, 200)


def _all_delivered(batch: Batch) -> list[Verdict | None]:
    return [DELIVERED] * len(batch.rows)


def always(kind: Kind, reason: str = "so", wait: float | None = None) -> Callable[[Batch], Any]:
    return lambda batch: [Verdict(kind, reason, wait)] * len(batch.rows)


@pytest.fixture
def receivers() -> Receivers:
    return Receivers()


@pytest.fixture
def run(database: Database, receivers: Receivers) -> Callable[..., Summary]:
    def run(batch: int = 1, seconds: float = 60, senders: int = 8) -> Summary:
        book = _book(database, batch)
        return LaneRun(book, receivers.send, senders, least_seconds=1).run(seconds)

    return run


def _book(database: Database, batch: int = 1, lease_seconds: float = 30) -> Deliveries:
    limits = Limits(batch, lambda _row: datetime.now(UTC) + timedelta(days=7))
    return Deliveries(database, lambda _adapter: limits, WAITS, lease_seconds)


def test_every_event_arrives_once(
    run: Callable[..., Summary], receivers: Receivers, make_lane: MakeLane, make_events: MakeEvents
) -> None:
    lanes = [make_lane() for _ in range(3)]
    events = [event for lane in lanes for event in make_events(lane, 30)]

    summary = run()

    assert summary.rows == {"delivered": 90}
    assert receivers.got == Counter(events)
    assert max(receivers.most_at_once.values()) <= 4


def test_batches_hold_what_they_may(
    run: Callable[..., Summary], receivers: Receivers, make_lane: MakeLane, make_events: MakeEvents
) -> None:
    lane = make_lane()
    make_events(lane, 25)

    run(batch=10)

    assert sorted(receivers.requests) == [(lane, 5), (lane, 10), (lane, 10)]


def test_one_bad_event_is_found_by_halving(
    run: Callable[..., Summary],
    receivers: Receivers,
    make_lane: MakeLane,
    make_events: MakeEvents,
    query: Query,
) -> None:
    lane = make_lane()
    bad = make_events(lane, 64)[17]

    def halve(batch: Batch) -> list[Verdict | None]:
        if bad not in [row["event"] for row in batch.rows]:
            return _all_delivered(batch)
        refused = Verdict(Kind.REFUSED, "its colour is wrong")
        return [None] * len(batch.rows) if len(batch.rows) > 1 else [refused]

    receivers.answers[lane] = halve
    run(batch=64)

    assert query(STATES + " ORDER BY 1", lane=lane) == [
        {"status": "delivered", "n": 63},
        {"status": "failed", "n": 1},
    ]
    assert len(receivers.requests) <= 1 + 2 * 6
    assert max(receivers.got.values()) == 1


def test_outage_spends_no_try(
    run: Callable[..., Summary],
    receivers: Receivers,
    make_lane: MakeLane,
    make_events: MakeEvents,
    query: Query,
) -> None:
    lane = make_lane()
    make_events(lane, 1)
    receivers.answers[lane] = always(Kind.OUTAGE)

    for _ in range(12):
        query(DUE)
        query(OPEN)
        run()
    state = query(LANE, lane=lane)[0]
    receivers.answers.clear()
    query(DUE)
    query(OPEN)
    run()

    assert (state["state"], state["failures"]) == ("failing", 12)
    assert len(receivers.requests) == 13
    assert query(STATES, lane=lane) == [{"status": "delivered", "n": 1}]
    assert query(LANE, lane=lane)[0]["state"] == "open"


def test_event_that_fells_its_receiver_ends(
    run: Callable[..., Summary],
    receivers: Receivers,
    make_lane: MakeLane,
    make_events: MakeEvents,
    query: Query,
) -> None:
    lane = make_lane()
    (poison,) = make_events(lane, 1)

    def fall(batch: Batch) -> list[Verdict]:
        bad = batch.rows[0]["event"] == poison
        return [Verdict(Kind.OUTAGE, "HTTP 500") if bad else DELIVERED]

    receivers.answers[lane] = fall
    for _ in range(len(WAITS) + 1):
        make_events(lane, 2)
        query(DUE)
        query(OPEN)
        run()

    (ended,) = query("SELECT * FROM event_deliveries WHERE event = %(event)s", event=poison)
    assert (ended["status"], ended["reason"]) == ("failed", "tries_spent: HTTP 500")
    assert query("SELECT count(*) AS n FROM event_deliveries WHERE status = 'delivered'") == [
        {"n": 2 * (len(WAITS) + 1)}
    ]


def test_wrong_configuration_blocks_the_lane(
    run: Callable[..., Summary],
    receivers: Receivers,
    make_lane: MakeLane,
    make_events: MakeEvents,
    query: Query,
) -> None:
    blocked, other = make_lane(), make_lane()
    make_events(blocked, 20)
    make_events(other, 20)
    receivers.answers[blocked] = always(Kind.CONFIGURATION, "the token has expired")

    run()

    assert query(STATES, lane=blocked) == [{"status": "pending", "n": 20}]
    assert query(STATES, lane=other) == [{"status": "delivered", "n": 20}]
    state = query(LANE, lane=blocked)[0]
    assert (state["state"], state["reason"]) == ("blocked", "the token has expired")
    sent = Counter(lane for lane, _ in receivers.requests)
    query(DUE)
    run()
    assert Counter(lane for lane, _ in receivers.requests) == sent
    query(OPEN)
    run()
    assert Counter(lane for lane, _ in receivers.requests)[blocked] == sent[blocked] + 1


def test_overload_waits_as_told(
    run: Callable[..., Summary],
    receivers: Receivers,
    make_lane: MakeLane,
    make_events: MakeEvents,
    query: Query,
) -> None:
    lane = make_lane(concurrency=1)
    make_events(lane, 3)
    receivers.answers[lane] = always(Kind.OVERLOAD, "HTTP 429", 120)

    run()

    (state,) = query(
        "SELECT state, extract(epoch FROM open_until - now()) AS left FROM relay_lanes"
    )
    assert state["state"] == "waiting"
    assert 60 < float(state["left"]) <= 120
    assert query("SELECT max(try_count) AS n FROM event_deliveries") == [{"n": 0}]
    assert len(receivers.requests) == 1


def test_mass_refusal_stops_the_lane(
    run: Callable[..., Summary],
    receivers: Receivers,
    make_lane: MakeLane,
    make_events: MakeEvents,
    query: Query,
) -> None:
    lane = make_lane(concurrency=1)
    make_events(lane, 80)
    receivers.answers[lane] = always(Kind.REFUSED)

    run()

    states = {row["status"]: row["n"] for row in query(STATES, lane=lane)}
    assert states == {"failed": 50, "pending": 30}
    assert query(LANE, lane=lane)[0]["reason"] == "refuses_everything"


def test_account_gives_no_more_than_its_rate(
    run: Callable[..., Summary],
    receivers: Receivers,
    make_lane: MakeLane,
    make_events: MakeEvents,
    query: Query,
) -> None:
    lane = make_lane(requests_per_minute=1)
    make_events(lane, 10)
    query("UPDATE relay_accounts SET tokens = 3, refilled_at = now()")
    query("UPDATE relay_lanes SET requests_per_minute = 20")

    run(seconds=1)

    assert len(receivers.requests) == 3


def test_lost_lease_writes_nothing_back(
    database: Database, make_lane: MakeLane, make_events: MakeEvents, query: Query
) -> None:
    lane = make_lane()
    make_events(lane, 1)
    book = _book(database)
    (slow,) = book.claim({"lane_id": lane}, 1)
    query(DUE)
    (fast,) = book.claim({"lane_id": lane}, 1)

    book.write_back([Sent(slow, [Verdict(Kind.REFUSED, "too late")])])
    assert query(STATES, lane=lane) == [{"status": "pending", "n": 1}]
    book.write_back([Sent(fast, [DELIVERED])])
    assert query(STATES, lane=lane) == [{"status": "delivered", "n": 1}]


def test_two_processes_share_a_lane(
    database: Database, make_lane: MakeLane, make_events: MakeEvents, receivers: Receivers
) -> None:
    lane = make_lane(concurrency=4)
    events = make_events(lane, 60)
    runs = [
        threading.Thread(target=lambda: LaneRun(_book(database), receivers.send, 4, 1).run(60))
        for _ in range(2)
    ]
    for each in runs:
        each.start()
    for each in runs:
        each.join()

    assert receivers.got == Counter(events)


def test_paused_lane_keeps_its_backlog(
    run: Callable[..., Summary],
    receivers: Receivers,
    make_lane: MakeLane,
    make_events: MakeEvents,
    query: Query,
) -> None:
    lane = make_lane()
    make_events(lane, 3)
    query("UPDATE relay_lanes SET paused = true")

    assert run().requests == 0
    assert query(STATES, lane=lane) == [{"status": "pending", "n": 3}]


def test_our_own_fault_ends_the_event(
    run: Callable[..., Summary],
    receivers: Receivers,
    make_lane: MakeLane,
    make_events: MakeEvents,
    query: Query,
) -> None:
    lane = make_lane()
    make_events(lane, 1)

    def crash(_batch: Batch) -> list[Verdict]:
        raise ZeroDivisionError

    receivers.answers[lane] = crash
    for _ in range(len(WAITS)):
        query(DUE)
        run()

    (ended,) = query("SELECT status, reason FROM event_deliveries")
    assert ended["status"] == "failed"
    assert "ZeroDivisionError" in str(ended["reason"])
    assert query(LANE, lane=lane)[0]["state"] == "open"
