"""Lanes on a table that no system has: whole numbers as ids, roads as lanes, letters as what is sent.

How lanes take turns is in `tests/unit/layer/outbox/test_lanes.py`, what a system's statements decide is
with that system. Here is what holds between processes, whatever the table.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock

import pytest

from fintegrate.database import Database, Row
from fintegrate.outbox.batches import DELIVERED, Batch, Kind, Sent, Verdict
from fintegrate.outbox.lanes import LaneRun
from fintegrate.queries import load_queries
from tests.integration.layer.letters import Letter, letter, waiting, write
from tests.support.fixtures import Query
from tests.support.threads import at_once

HERE = Path(__file__).parent
SQL = load_queries(HERE / "letters_by_lane.sql")
ROADS = (HERE / "roads.sql").read_text(encoding="utf-8")
LEASE_SECONDS = 30.0


class Roads:
    """The smallest book: a letter a request, stamps taken with the claim, a breaker of five failures."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self) -> list[Row]:
        return self._database.fetch_all(SQL["due"], {})

    def wait(self) -> float | None:
        seconds = self._database.fetch_all(SQL["wait"], {})[0]["seconds"]
        return None if seconds is None else max(0.0, float(seconds))

    def claim(self, lane: Row, requests: int) -> list[Batch]:
        token, ends = str(uuid.uuid4()), time.monotonic() + LEASE_SECONDS
        wanted = {"token": token, "lease_seconds": LEASE_SECONDS, "requests": requests}
        with self._database.transaction():
            rows = self._database.fetch_all(SQL["claim"], {**wanted, "lane_id": lane["lane_id"]})
            self._database.execute(SQL["spend"], {"lane_id": lane["lane_id"], "count": len(rows)})
        return [Batch(lane, [row], token, ends) for row in rows]

    def renew(self, batches: Sequence[Batch]) -> list[Batch]:
        return list(batches)

    def release(self, batches: Sequence[Batch]) -> None:
        released = {
            "ids": [row["letter_id"] for batch in batches for row in batch.rows],
            "tokens": [batch.token for batch in batches for _ in batch.rows],
        }
        self._database.execute(SQL["release"], released)
        for batch in batches:
            self._database.execute(SQL["spend"], {"lane_id": batch.lane["lane_id"], "count": -1})

    def write_back(self, sent: Sequence[Sent]) -> None:
        told = [(each.batch, each.batch.rows[0], each.verdicts[0] == DELIVERED) for each in sent]
        delivered = [arrived for _, _, arrived in told]
        letters = {
            "ids": [row["letter_id"] for _, row, _ in told],
            "tokens": [batch.token for batch, _, _ in told],
            "delivered": delivered,
        }
        with self._database.transaction():
            self._database.execute(SQL["write_letters"], letters)
            for batch, _, arrived in told:
                road = {"lanes": [batch.lane["lane_id"]], "delivered": [arrived]}
                self._database.execute(SQL["write_roads"], road)


class Postman:
    """Brings letters, but on closed roads; remembers what arrived and how many were under way."""

    def __init__(self, closed: Sequence[str] = ()) -> None:
        self.closed = set(closed)
        self.arrived: Counter[Letter] = Counter()
        self.asked: Counter[str] = Counter()
        self.now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self._alone = Lock()

    def send(self, batch: Batch) -> Sent:
        (row,) = batch.rows
        with self._alone:
            self.asked[row["lane"]] += 1
            self.now[row["lane"]] += 1
            self.most[row["lane"]] = max(self.most[row["lane"]], self.now[row["lane"]])
        with self._alone:
            self.now[row["lane"]] -= 1
            if row["lane"] not in self.closed:
                self.arrived[letter(row)] += 1
        away = Verdict(Kind.OUTAGE, "the road is closed")
        return Sent(batch, [away if row["lane"] in self.closed else DELIVERED], 1)


@pytest.fixture
def build(query: Query) -> Callable[..., None]:
    """Builds roads and writes letters for each."""
    query(ROADS)

    def build(*lanes: str, letters: int = 20, stamps: int = 1_000) -> None:
        for lane in lanes:
            query("INSERT INTO roads VALUES (%(lane)s, 3, 0, NULL, %(n)s)", lane=lane, n=stamps)
        write(query, lanes, each=letters)

    return build


def run(database: Database, postman: Postman, senders: int = 8) -> dict[str, int]:
    return LaneRun(Roads(database), postman.send, senders, least_seconds=1).run(60).rows


def test_processes_share_lanes_and_send_once(
    make_database: Callable[[], Database], build: Callable[..., None], query: Query
) -> None:
    build("ann", "bob")
    postman = Postman()

    at_once([lambda: run(make_database(), postman)] * 3)

    assert waiting(query) == []
    assert len(postman.arrived) == 40
    assert set(postman.arrived.values()) == {1}


def test_killed_processs_letters_wait_for_their_leases(
    database: Database, build: Callable[..., None], query: Query
) -> None:
    build("ann", letters=5)
    killed = Roads(database).claim({"lane_id": "ann"}, 3)
    postman = Postman()

    assert run(database, postman) == {"delivered": 2}
    query("UPDATE letters SET lease_until = clock_timestamp() WHERE lease_until IS NOT NULL")
    assert run(database, postman) == {"delivered": 3}
    Roads(database).write_back([Sent(batch, [Verdict(Kind.OUTAGE)]) for batch in killed])

    assert waiting(query) == []
    assert set(postman.arrived.values()) == {1}


def test_closed_road_is_tried_by_one_letter(
    database: Database, build: Callable[..., None], query: Query
) -> None:
    build("ann", "bob")
    postman = Postman(closed=["ann"])

    run(database, postman)
    closed = postman.asked["ann"]
    run(database, postman)
    assert postman.asked == {"ann": closed, "bob": 20}
    assert closed < 5 + 3
    query("UPDATE roads SET open_until = clock_timestamp() WHERE open_until IS NOT NULL")
    run(database, postman)
    assert postman.asked["ann"] == closed + 1
    postman.closed.clear()
    query("UPDATE roads SET open_until = clock_timestamp() WHERE open_until IS NOT NULL")
    query("UPDATE letters SET next_attempt_at = clock_timestamp()")
    run(database, postman)

    assert waiting(query) == []


def test_stamps_are_shared_by_all_processes(
    make_database: Callable[[], Database], build: Callable[..., None], query: Query
) -> None:
    build("ann", letters=30, stamps=12)
    postman = Postman()

    at_once([lambda: run(make_database(), postman, senders=2)] * 3)

    assert sum(postman.arrived.values()) == 12
    assert len(waiting(query)) == 18
    assert postman.most["ann"] <= 6
