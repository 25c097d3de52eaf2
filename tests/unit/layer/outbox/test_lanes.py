"""Turns of lanes: shares, bounds, slow and failing lanes, the last free sender, halving, faults."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from fintegrate.database import Row
from fintegrate.outbox import lanes
from fintegrate.outbox.lanes import DELIVERED, Batch, Kind, LaneRun, Sent, Verdict

PATIENCE = 20.0


class Shelf:
    """A book in memory: rows by lane, one row a request."""

    def __init__(self, backlog: dict[str, int], concurrency: int = 16) -> None:
        self.left = {lane: list(range(count)) for lane, count in backlog.items()}
        self.concurrency = concurrency
        self.served: list[str] = []
        self.written: dict[str, list[Kind]] = defaultdict(list)
        self.closed: set[str] = set()
        self.batch = 1

    def due(self) -> list[Row]:
        return [self._lane(lane) for lane, rows in self.left.items() if rows]

    def claim(self, lane: Row, requests: int) -> list[Batch]:
        name = lane["lane_id"]
        if name in self.closed:
            return []
        self.served.append(name)
        batches = []
        while self.left[name] and len(batches) < requests:
            rows, self.left[name] = self.left[name][: self.batch], self.left[name][self.batch :]
            made = [{"event": row} for row in rows]
            batches.append(Batch(self._lane(name), made, "token", time.monotonic() + 60))
        return batches

    def renew(self, batch: Batch) -> Batch | None:
        return None if batch.lane["lane_id"] in self.closed else batch

    def write_back(self, sent: Sequence[Sent]) -> None:
        for each in sent:
            told = [verdict.kind for verdict in each.verdicts if verdict is not None]
            self.written[each.batch.lane["lane_id"]] += told

    def _lane(self, name: str) -> Row:
        return {"lane_id": name, "concurrency": self.concurrency, "failures": 0}


class Watched:
    """A way to send that knows how many requests of each lane are under way."""

    def __init__(self, answer: Callable[[Batch], Sent]) -> None:
        self._answer = answer
        self._alone = threading.Lock()
        self.now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()

    def __call__(self, batch: Batch) -> Sent:
        lane = batch.lane["lane_id"]
        with self._alone:
            self.now[lane] += 1
            self.most[lane] = max(self.most[lane], self.now[lane])
        try:
            return self._answer(batch)
        finally:
            with self._alone:
                self.now[lane] -= 1


def delivered(batch: Batch) -> Sent:
    return Sent(batch, [DELIVERED] * len(batch.rows), 1, 200)


def run(book: Shelf, send: Any, senders: int = 8) -> lanes.Summary:
    return LaneRun(book, send, senders, least_seconds=1).run(PATIENCE)


def test_lane_never_has_more_than_its_bound() -> None:
    gate = threading.Barrier(3)

    def wait_for_others(batch: Batch) -> Sent:
        gate.wait(PATIENCE)
        return delivered(batch)

    book, send = Shelf({"one": 12}, concurrency=3), Watched(wait_for_others)

    assert run(book, send).rows == {"delivered": 12}
    assert send.most["one"] == 3


def test_dead_lane_delays_no_other() -> None:
    """Requests of the dead lane end only when the others are through."""
    book = Shelf({"dead": 40, "well": 200})
    through = threading.Event()

    def answer(batch: Batch) -> Sent:
        if batch.lane["lane_id"] == "well":
            return delivered(batch)
        assert through.wait(PATIENCE)
        return Sent(batch, [Verdict(Kind.OUTAGE, "timeout")], 10_000)

    def watch() -> None:
        deadline = time.monotonic() + PATIENCE
        while len(book.written["well"]) < 200 and time.monotonic() < deadline:
            time.sleep(0.01)
        through.set()

    watching = threading.Thread(target=watch)
    watching.start()
    summary = LaneRun(book, Watched(answer), 4, least_seconds=1).run(PATIENCE)
    watching.join()

    assert book.written["well"] == [Kind.DELIVERED] * 200
    assert summary.rows["delivered"] == 200


def test_failing_lane_gets_one_sender() -> None:
    def fail(batch: Batch) -> Sent:
        return Sent(batch, [Verdict(Kind.OUTAGE, "HTTP 503")], 1, 503)

    book, send = Shelf({"bad": 30}), Watched(fail)
    LaneRun(book, send, 8, least_seconds=1, _failing={"bad"}).run(PATIENCE)

    assert send.most["bad"] == 1


def test_slow_lane_gets_one_sender() -> None:
    def slow(batch: Batch) -> Sent:
        return Sent(batch, [DELIVERED], 3_000, 200)

    book, send = Shelf({"slow": 30}), Watched(slow)
    engine = LaneRun(book, send, 8, least_seconds=1)
    engine._took["slow"].append(3.0)
    engine.run(PATIENCE)

    assert send.most["slow"] == 1
    assert book.written["slow"] == [Kind.DELIVERED] * 30


@pytest.mark.parametrize("bad", [{5}, {0, 63}, set(range(64)), set()])
def test_halving_finds_the_bad_rows(bad: set[int]) -> None:
    def answer(batch: Batch) -> Sent:
        events = [row["event"] for row in batch.rows]
        if not bad & set(events):
            return delivered(batch)
        told: list[Verdict | None] = [Verdict(Kind.REFUSED, "bad")] if len(events) == 1 else []
        return Sent(batch, told or [None] * len(events), 1, 400)

    book = Shelf({"one": 64})
    book.batch = 64
    summary = run(book, answer)

    assert Counter(book.written["one"])[Kind.REFUSED] == len(bad)
    assert Counter(book.written["one"])[Kind.DELIVERED] == 64 - len(bad)
    assert summary.requests <= 1 + 2 * len(bad) * 6


def test_closed_lane_sends_no_halves() -> None:
    book = Shelf({"one": 8})
    book.batch = 8

    def answer(batch: Batch) -> Sent:
        book.closed.add("one")
        return Sent(batch, [None] * len(batch.rows), 1, 400)

    assert run(book, answer).requests == 1


def test_fault_of_ours_is_written_down(caplog: pytest.LogCaptureFixture) -> None:
    def crash(_batch: Batch) -> Sent:
        raise ZeroDivisionError

    book = Shelf({"one": 2})

    assert run(book, crash).rows == {"fault": 2}
    assert "ZeroDivisionError" in caplog.text


def test_batch_is_not_begun_at_its_leases_end() -> None:
    book = Shelf({"one": 3})
    sent: list[Batch] = []

    summary = LaneRun(book, sent.append, 2, least_seconds=100).run(PATIENCE)  # type: ignore[arg-type]

    assert (sent, summary.rows, summary.requests) == ([], {"postponed": 3}, 0)


def test_run_ends_when_nothing_is_due() -> None:
    assert run(Shelf({}), delivered) == lanes.Summary({}, 0, 0)
