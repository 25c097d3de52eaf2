"""What is claimed ahead: senders that do not wait, its bounds, and what sends it back to the book."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import pytest

from fintegrate.database import Row
from fintegrate.outbox import lanes
from fintegrate.outbox.batches import DELIVERED, Batch, Kind, Sent, Verdict
from fintegrate.outbox.lanes import LaneRun
from fintegrate.outbox.served_lane import FRESH_SECONDS, ServedLane
from tests.unit.layer.outbox.test_lanes import PATIENCE, Shelf, Watched, delivered, run

STOPS = [
    Verdict(Kind.CONFIGURATION, "HTTP 401"),
    Verdict(Kind.OVERLOAD, "HTTP 429"),
    Verdict(Kind.OUTAGE, "reset"),
    Verdict(Kind.UNKNOWN, "no answer"),
    Verdict(Kind.REFUSED, "its colour is wrong"),
    None,
]


class Counting(Shelf):
    """Knows how many rows are claimed and have no answer, and whether requests were renewed."""

    def __init__(self, backlog: dict[str, int], concurrency: int = 16, batch: int = 1) -> None:
        super().__init__(backlog, concurrency)
        self.batch = batch
        self.held = self.most_held = 0
        self.renewed: list[int] = []
        self._alone = threading.Lock()

    def due(self) -> list[Row]:
        return [{**lane, "batch": self.batch} for lane in super().due()]

    def claim(self, lane: Row, requests: int) -> list[Batch]:
        batches = super().claim(lane, requests)
        self.hold(sum(len(batch.rows) for batch in batches))
        return batches

    def renew(self, batches: Sequence[Batch]) -> list[Batch]:
        self.renewed += [row["event"] for batch in batches for row in batch.rows]
        kept = super().renew(batches)
        if not kept:
            self.release(batches)
        return kept

    def hold(self, rows: int) -> None:
        with self._alone:
            self.held += rows
            self.most_held = max(self.most_held, self.held)

    def send(self, batch: Batch) -> Sent:
        self.hold(-len(batch.rows))
        return delivered(batch)


@pytest.fixture
def lane() -> ServedLane:
    """A lane that has earned four requests at a time, of which one is under way."""
    row = {"lane_id": "one", "concurrency": 4, "failures": 0}
    lane = ServedLane(row, running=1, answers=8)
    lane.took.append(0.02)
    return lane


def batch(*events: int, paid: bool = True, is_probe: bool = False) -> Batch:
    rows = [{"event": event} for event in events]
    return Batch({"lane_id": "one"}, rows, "token", time.monotonic() + 60, is_probe, paid)


def events(batches: Sequence[Batch]) -> list[list[int]]:
    return [[row["event"] for row in batch.rows] for batch in batches]


def test_senders_go_on_while_the_book_writes() -> None:
    class Slow(Counting):
        """Writes for as long as three more requests take, if so many are ready."""

        waited = 0

        def write_back(self, answers: Sequence[Sent]) -> None:
            super().write_back(answers)
            before = self.held
            if len(engine._lanes["one"].ready) >= 3:
                self.waited += 1
                deadline = time.monotonic() + PATIENCE
                while self.held > before - 3:
                    assert time.monotonic() < deadline
                    time.sleep(0.001)

    def send(batch: Batch) -> Sent:
        time.sleep(0.001)
        return book.send(batch)

    book = Slow({"one": 2_000}, concurrency=4)
    engine = LaneRun(book, send, 8, least_seconds=1)

    assert engine.run(PATIENCE).rows == {"delivered": 2_000}
    assert book.waited > 3


@pytest.mark.parametrize(
    ("backlog", "concurrency", "rows", "most"), [(300, 4, 1, 20), (40_000, 4, 1_000, 6_000)]
)
def test_ahead_is_bounded(backlog: int, concurrency: int, rows: int, most: int) -> None:
    book = Counting({"one": backlog}, concurrency, rows)

    assert run(book, book.send).rows == {"delivered": backlog}
    assert rows * concurrency < book.most_held <= most


@pytest.mark.parametrize(("seconds", "ahead"), [(0.02, 16), (0.05, 8), (0.5, 0), (2.5, 0)])
def test_slow_lane_has_less_ahead(lane: ServedLane, seconds: float, ahead: int) -> None:
    lane.took.extend([seconds] * 5)

    assert lane.ahead(share=16, rows=2_000) == ahead
    assert lane.ahead(share=2, rows=2_000) == ahead // 2
    assert lane.ahead(share=16, rows=3) == min(3, ahead)


@pytest.mark.parametrize("rows", [1, 50])
def test_many_lanes_share_the_rows_ahead(rows: int) -> None:
    book = Counting({str(number): 20 * rows for number in range(100)}, 16, rows)

    assert run(book, book.send, senders=4).rows == {"delivered": 2_000 * rows}
    assert book.most_held <= 2_000 + 4 * rows


@pytest.mark.parametrize(("running", "waits"), [(3, False), (4, True)])
def test_busy_lanes_answers_wait_longer(
    lane: ServedLane, running: int, waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lane that could begin another request has its answers written back sooner."""
    monkeypatch.setattr(lanes, "_BUSY_PAUSE_SECONDS", PATIENCE)
    monkeypatch.setattr(lanes, "_PAUSE_SECONDS", 0)
    lane.running = running
    engine = LaneRun(Shelf({}), delivered, 8)
    engine._ended.append(lanes._Answer(lane, delivered(batch(1)), True, time.monotonic()))

    assert (engine._patience() > 0) is waits


@pytest.mark.parametrize("word", STOPS, ids=lambda word: word.kind.value if word else "halve")
def test_word_of_a_lane_stops_what_is_ready(lane: ServedLane, word: Verdict | None) -> None:
    lane.add([batch(1), batch(2)], now=0)
    told = batch(3, 4)

    assert not lane.note(Sent(told, [word, word], 20))
    assert lane.next(16, now=0.1) is None
    assert lane.lacks == 0
    assert events(lane.take_all()) == [[1], [2]]


def test_probe_is_looked_at_by_the_book(lane: ServedLane) -> None:
    lane.add([batch(1)], now=0)

    assert not lane.note(Sent(batch(2, is_probe=True), [DELIVERED], 20))
    assert lane.next(16, now=0.1) is None


def test_what_waits_too_long_is_renewed(lane: ServedLane) -> None:
    lane.add([batch(1), batch(2)], now=0)
    lane.add([batch(3)], now=FRESH_SECONDS)

    following = lane.next(16, now=FRESH_SECONDS / 2)
    assert following is not None
    assert events([following]) == [[1]]
    assert lane.next(16, now=FRESH_SECONDS * 1.5) is None
    assert events(list(lane.again)) == [[2]]


def test_unpaid_batch_goes_through_the_book(lane: ServedLane) -> None:
    lane.add([batch(1), batch(2, paid=False)], now=0)

    assert events([each for _, each in lane.ready]) == [[1]]
    assert events(list(lane.again)) == [[2]]


def test_halves_go_before_what_is_ready(lane: ServedLane) -> None:
    lane.add([batch(1)], now=0)
    whole = batch(2, 3)
    lane.note(Sent(whole, [None, None], 20))
    lane.sort(now=0)
    lane.halve(whole, whole.rows)

    assert events(list(lane.again)) == [[2], [3], [1]]
    assert [each.paid for each in lane.again] == [False, False, True]


def test_stopped_lane_sends_nothing_more() -> None:
    class Closing(Counting):
        """Closes a lane when it is told to, as the statements do."""

        def write_back(self, answers: Sequence[Sent]) -> None:
            super().write_back(answers)
            if Kind.CONFIGURATION in self.written["one"]:
                self.closed.add("one")

    book = Closing({"one": 400}, concurrency=4)
    after = 0
    stopped = threading.Event()

    def send(batch: Batch) -> Sent:
        nonlocal after
        after += stopped.is_set()
        if batch.rows[0]["event"] == 100:
            stopped.set()
            return Sent(batch, [Verdict(Kind.CONFIGURATION, "HTTP 401")], 1, 401)
        return book.send(batch)

    run(book, send)

    assert after <= 3 + 3  # under way beside it, and one more each that began meanwhile
    assert book.released["one"] > 0
    assert len(book.written["one"]) + book.released["one"] + len(book.left["one"]) == 400


def test_lanes_take_turns_though_some_is_ready() -> None:
    book = Counting({"a": 60, "b": 60, "c": 60})
    order: list[str] = []

    def send(batch: Batch) -> Sent:
        order.append(batch.lane["lane_id"])
        time.sleep(0.001)
        return book.send(batch)

    run(book, send, senders=2)

    assert min(order[:90].count(lane) for lane in "abc") >= 15


def test_broken_book_ends_the_senders() -> None:
    class Breaking(Counting):
        """Its database goes away."""

        def write_back(self, answers: Sequence[Sent]) -> None:
            super().write_back(answers)
            if len(self.written["one"]) > 60:
                broken.set()
                raise ConnectionError

    book, broken, after = Breaking({"one": 4_000}, concurrency=4), threading.Event(), []

    def send(batch: Batch) -> Sent:
        after.append(broken.wait(0.001))
        return book.send(batch)

    with pytest.raises(ConnectionError):
        run(book, send)
    assert sum(after) <= 8


def test_end_of_a_run_releases_what_is_ready() -> None:
    book = Counting({"one": 100_000}, concurrency=4)
    watched: Callable[[Batch], Sent] = Watched(book.send)

    LaneRun(book, watched, 8, least_seconds=1).run(0.3)

    assert len(book.written["one"]) + book.released["one"] + len(book.left["one"]) == 100_000
    assert book.held == book.released["one"] <= 16
