"""Turns of lanes: shares, bounds, slow and failing lanes, the last free sender, halving, faults."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from fintegrate.database import RolledBack, Row
from fintegrate.outbox import lanes
from fintegrate.outbox.batches import DELIVERED, Batch, Kind, Sent, Verdict
from fintegrate.outbox.lanes import LaneRun
from fintegrate.outbox.served_lane import SLOW_SECONDS, ServedLane

PATIENCE = 20.0


class Shelf:
    """A book in memory: rows by lane, one row a request."""

    def __init__(self, backlog: dict[str, int], concurrency: int = 16) -> None:
        self.left = {lane: list(range(count)) for lane, count in backlog.items()}
        self.concurrency = concurrency
        self.served: list[str] = []
        self.written: dict[str, list[Kind]] = defaultdict(list)
        self.released: Counter[str] = Counter()
        self.closed: set[str] = set()
        self.batch = 1
        self.soon: list[dict[str, list[int]]] = []
        """What becomes due, one after the other, each a moment later."""

    def due(self) -> list[Row]:
        return [self._lane(lane) for lane, rows in self.left.items() if rows]

    def claim(self, lane: Row, requests: int) -> list[Batch]:
        name = lane["lane_id"]
        if name in self.closed:
            return []
        self.served.append(name)
        batches: list[Batch] = []
        while self.left[name] and len(batches) < requests:
            rows, self.left[name] = self.left[name][: self.batch], self.left[name][self.batch :]
            made = [{"event": row} for row in rows]
            batches.append(Batch(self._lane(name), made, "token", time.monotonic() + 60))
        return batches

    def renew(self, batches: Sequence[Batch]) -> list[Batch]:
        return [batch for batch in batches if batch.lane["lane_id"] not in self.closed]

    def release(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            self.released[batch.lane["lane_id"]] += len(batch.rows)

    def wait(self) -> float | None:
        if not self.soon:
            return None
        self.left = self.soon.pop(0)
        return 0.01

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
        if batch.rows[0]["event"] >= 3:  # the first ones earn the lane its bound
            gate.wait(PATIENCE)
        return delivered(batch)

    book, send = Shelf({"one": 12}, concurrency=3), Watched(wait_for_others)

    assert run(book, send).rows == {"delivered": 12}
    assert send.most["one"] == 3


def test_hanging_lanes_hold_a_sender_each() -> None:
    book = Shelf({"dead": 40, "away": 40, "well": 200}, concurrency=4)
    send = Watched(_until_well_is_through(book))

    LaneRun(book, send, 8, least_seconds=1).run(PATIENCE)

    assert (send.most["dead"], send.most["away"]) == (1, 1)
    assert book.written["well"] == [Kind.DELIVERED] * 200


def test_dead_lane_delays_no_other() -> None:
    book = Shelf({"dead": 40, "well": 200})

    summary = LaneRun(book, Watched(_until_well_is_through(book)), 4, least_seconds=1).run(PATIENCE)

    assert book.written["well"] == [Kind.DELIVERED] * 200
    assert summary.rows["delivered"] == 200


def _until_well_is_through(book: Shelf) -> Callable[[Batch], Sent]:
    """Requests of other lanes end only when those of this one are through."""
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

    threading.Thread(target=watch, daemon=True).start()
    return answer


def test_failing_lane_gets_one_sender() -> None:
    def fail(batch: Batch) -> Sent:
        return Sent(batch, [Verdict(Kind.OUTAGE, "HTTP 503")], 1, 503)

    book, send = Shelf({"bad": 30}), Watched(fail)
    engine = LaneRun(book, send, 8, least_seconds=1)
    engine._lane_of(book.due()[0]).answers = 8
    engine._lane_of(book.due()[0]).is_failing = True
    engine.run(PATIENCE)

    assert send.most["bad"] == 1


def test_slow_lane_gets_one_sender() -> None:
    def slow(batch: Batch) -> Sent:
        return Sent(batch, [DELIVERED], 3_000, 200)

    book, send = Shelf({"slow": 30}), Watched(slow)
    engine = LaneRun(book, send, 8, least_seconds=1)
    engine._lane_of(book.due()[0]).took.append(3.0)
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


def test_halves_keep_the_lanes_bound() -> None:
    def refuse(batch: Batch) -> Sent:
        if len(batch.rows) > 1:
            return Sent(batch, [None] * len(batch.rows), 1, 400)
        return Sent(batch, [Verdict(Kind.REFUSED, "bad")], 1, 400)

    book, send = Shelf({"one": 64}, concurrency=2), Watched(refuse)
    book.batch = 32

    assert run(book, send).rows == {"refused": 64}
    assert send.most["one"] <= 2


def test_more_batches_than_wanted_wait_for_room() -> None:
    class Parting(Shelf):
        """Of a claim no two rows go together."""

        def claim(self, lane: Row, requests: int) -> list[Batch]:
            return super().claim(lane, requests * 10)

    book, send = Parting({"one": 40}, concurrency=3), Watched(delivered)

    assert run(book, send).rows == {"delivered": 40}
    assert send.most["one"] <= 3
    assert len(book.served) < 10


@pytest.mark.parametrize(("linger", "sent"), [(1.0, 3), (0.0, 1)])
def test_run_waits_for_what_is_due_soon(linger: float, sent: int) -> None:
    book = Shelf({"one": 1})
    book.soon = [{"one": []}, {"one": [1]}, {"one": [2]}]

    LaneRun(book, delivered, 2, least_seconds=1, linger_seconds=linger).run(PATIENCE)

    assert book.written["one"] == [Kind.DELIVERED] * sent


def test_end_of_a_run_releases_what_waits() -> None:
    book = Shelf({"one": 8}, concurrency=1)
    book.batch = 8
    engine = LaneRun(book, delivered, 2, least_seconds=1)
    (batch,) = book.claim({"lane_id": "one"}, 1)
    engine._lane_of(batch.lane).halve(batch, batch.rows)
    engine.run(0.0)

    assert (book.written, book.released) == ({}, {"one": 8})


def test_row_that_breaks_our_code_is_found(caplog: pytest.LogCaptureFixture) -> None:
    def crash(batch: Batch) -> Sent:
        if 5 in [row["event"] for row in batch.rows]:
            raise ValueError("jane@example.com")
        return delivered(batch)

    book = Shelf({"one": 16})
    book.batch = 16

    assert run(book, crash).rows == {"delivered": 15, "fault": 1}
    assert "ValueError" in caplog.text
    assert "jane" not in caplog.text


def test_lane_that_hangs_gets_no_more() -> None:
    """Answers that do not come tell nothing of how long they take; their silence does."""
    lane = ServedLane({"lane_id": "quick", "concurrency": 16, "failures": 0}, answers=16, running=3)
    assert lane.lacks == 13

    lane.under_way[1] = time.monotonic() - SLOW_SECONDS - 1

    assert lane.lacks <= 0


class Contended(Shelf):
    """A book whose server undoes the first of each kind of transaction, to end a deadlock."""

    def __init__(self, backlog: dict[str, int], undone: int) -> None:
        super().__init__(backlog)
        self._left = {"claim": undone, "write_back": undone}

    def claim(self, lane: Row, requests: int) -> list[Batch]:
        self._may_be_undone("claim")
        return super().claim(lane, requests)

    def write_back(self, sent: Sequence[Sent]) -> None:
        self._may_be_undone("write_back")
        super().write_back(sent)

    def _may_be_undone(self, kind: str) -> None:
        self._left[kind] -= 1
        if self._left[kind] >= 0:
            raise RolledBack("deadlock detected")


def test_deadlock_loses_no_answer() -> None:
    book = Contended({"one": 3}, undone=2)

    assert run(book, delivered).rows == {"delivered": 3}
    assert book.written == {"one": [Kind.DELIVERED] * 3}


def test_endless_deadlocks_end_the_run() -> None:
    with pytest.raises(RolledBack):
        run(Contended({"one": 3}, undone=99), delivered)
