"""Sealed rows are rewritten under a new key: all of them, once, also by killed and by parallel runs."""

from __future__ import annotations

import logging
import multiprocessing
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from fintegrate.access.key_ring import KeyRing
from fintegrate.access.resealing import Resealed, Resealing, SealedTable
from fintegrate.access.sealing import Misplaced, Sealing
from fintegrate.database import Database, Row
from fintegrate.queries import load_queries
from tests.support.fixtures import Query
from tests.support.threads import at_once
from tests.support.waiting import eventually
from tests.unit.layer.access.test_key_ring import Store, ring_of

HERE = Path(__file__).parent
SQL = load_queries(HERE / "sealed_envelopes.sql")
ENVELOPES = SealedTable(
    name="envelopes",
    id="envelope_id",
    key_id="key_id",
    text="sealed",
    place=lambda row: f"envelopes/{row['addressee']}",
)


def sealing_of(*names: str) -> Sealing:
    return Sealing(KeyRing("LETTER_KEYS", ring_of(*names)))


OLD, NEW = sealing_of("k1"), sealing_of("k2", "k1")


@pytest.fixture
def database_url(empty_database: Callable[[], str]) -> str:
    url = empty_database()
    table = (HERE / "envelopes.sql").read_text(encoding="utf-8")
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(table)
    return url


def write(query: Query, sealing: Sealing, count: int, first: int = 0) -> None:
    """Envelopes with a number each, sealed."""
    names = [f"reader {number}" for number in range(first, first + count)]
    sealed = [sealing.seal({"of": name}, f"envelopes/{name}") for name in names]
    query(
        "INSERT INTO envelopes (addressee, key_id, sealed)"
        " SELECT * FROM unnest(%(names)s::text[], %(key_ids)s::text[], %(texts)s::text[])",
        names=names,
        key_ids=[one.key_id for one in sealed],
        texts=[one.text for one in sealed],
    )


def rows(query: Query) -> list[Row]:
    return query("SELECT * FROM envelopes WHERE key_id IS NOT NULL ORDER BY envelope_id")


def assert_readable(query: Query, sealing: Sealing) -> None:
    """Each row opens at its own place, with its own content."""
    for row in rows(query):
        opened = sealing.open(row["key_id"], row["sealed"], ENVELOPES.place(row))
        assert opened.reveal() == {"of": row["addressee"]}


def reseal(database: Database, sealing: Sealing = NEW, batch: int = 3, **how: Any) -> Resealed:
    return Resealing(database, sealing, ENVELOPES, SQL, batch).run(how.pop("seconds", 60), **how)


def adds_up(done: Resealed) -> bool:
    return done.total == done.rewritten + done.already_current + done.failed + done.left


def test_rows_are_rewritten_under_the_first_key(database: Database, query: Query) -> None:
    write(query, OLD, 8)
    write(query, NEW, 2, first=8)
    query("INSERT INTO envelopes (addressee) VALUES ('nothing sealed')")

    done = reseal(database)

    assert done.counts() == {"total": 10, "rewritten": 8, "already_current": 2, "failed": 0}
    assert done.left == 0
    assert {row["key_id"] for row in rows(query)} == {"k2"}
    assert_readable(query, sealing_of("k2"))


def test_second_run_changes_nothing(database: Database, query: Query) -> None:
    write(query, OLD, 4)
    reseal(database)
    before = rows(query)

    done = reseal(database)

    assert done.counts() == {"total": 4, "rewritten": 0, "already_current": 4, "failed": 0}
    assert rows(query) == before


def test_dry_run_only_counts(database: Database, query: Query) -> None:
    write(query, OLD, 7)
    write(query, NEW, 1, first=7)
    query("UPDATE envelopes SET key_id = 'k9' WHERE addressee = 'reader 0'")
    before = rows(query)

    done = reseal(database, dry_run=True)

    assert done.counts() == {"total": 8, "rewritten": 6, "already_current": 1, "failed": 1}
    assert rows(query) == before


def test_unreadable_rows_are_told(
    database: Database, query: Query, caplog: pytest.LogCaptureFixture
) -> None:
    write(query, OLD, 7)
    query("UPDATE envelopes SET key_id = 'k9' WHERE envelope_id = 1")
    query("UPDATE envelopes SET sealed = 'gAAAAAB' || sealed WHERE envelope_id = 2")
    query("UPDATE envelopes SET addressee = 'somebody' WHERE envelope_id = 4")
    broken = [row for row in rows(query) if row["envelope_id"] in {1, 2, 4}]

    with caplog.at_level(logging.ERROR):
        done = reseal(database)

    assert done.counts() == {"total": 7, "rewritten": 4, "already_current": 0, "failed": 3}
    assert [(told["id"], told["key_id"]) for told in done.failures] == [
        (1, "k9"),
        (2, "k1"),
        (4, "k1"),
    ]
    assert "no key k9" in done.failures[0]["reason"]
    assert "does not open with key k1" in done.failures[1]["reason"]
    assert "another place" in done.failures[2]["reason"]
    assert [row for row in rows(query) if row["key_id"] != "k2"] == broken
    assert "envelopes: 3 sealed texts do not open" in caplog.text


def test_moved_text_opens_nowhere_else(query: Query) -> None:
    write(query, OLD, 2)
    query("UPDATE envelopes SET sealed = (SELECT sealed FROM envelopes WHERE envelope_id = 1)")
    own, other = rows(query)

    assert OLD.open(own["key_id"], own["sealed"], ENVELOPES.place(own))
    with pytest.raises(Misplaced):
        OLD.open(other["key_id"], other["sealed"], ENVELOPES.place(other))


def test_locked_row_is_left(make_database: Callable[[], Database], query: Query) -> None:
    write(query, OLD, 5)
    busy, database = make_database(), make_database()
    with busy.transaction():
        busy.execute("UPDATE envelopes SET addressee = addressee WHERE envelope_id = 2", {})

        done = reseal(database)

    assert (done.rewritten, done.left, adds_up(done)) == (4, 1, True)
    assert reseal(database).rewritten == 1


def test_parallel_runs_share_the_rows(make_database: Callable[[], Database], query: Query) -> None:
    write(query, OLD, 60)

    runs = at_once([partial(reseal, make_database()) for _ in range(3)])

    assert sum(done.rewritten for done in runs) == 60
    assert all(adds_up(done) for done in runs)
    assert {row["key_id"] for row in rows(query)} == {"k2"}
    assert_readable(query, NEW)


def test_time_that_is_over_ends_the_run(database: Database, query: Query) -> None:
    write(query, OLD, 5)

    done = reseal(database, seconds=0)

    assert (done.rewritten, done.left, adds_up(done)) == (0, 5, True)


def test_run_reads_the_ring_first(database: Database, query: Query) -> None:
    """A process that does not know of the rotation must not undo it."""
    write(query, NEW, 4)
    store = Store("k2", "k1")
    stale = Sealing(KeyRing("LETTER_KEYS", ring_of("k1", "k2"), store))

    done = reseal(database, stale)

    assert done.counts() == {"total": 4, "rewritten": 0, "already_current": 4, "failed": 0}
    assert store.read == 1


class StuckSealing(Sealing):
    """Seals three texts, says so, and then hangs."""

    def __init__(self, ring: KeyRing, messages: Connection) -> None:
        super().__init__(ring)
        self._messages = messages
        self._sealed = 0

    def seal(self, value: Any, place: str) -> Any:
        if self._sealed == 4:
            self._messages.send("stuck")
            while True:
                time.sleep(60)
        self._sealed += 1
        return super().seal(value, place)


def reseal_and_get_stuck(url: str, messages: Connection) -> None:
    """A run that hangs in its second batch of three."""
    ring = KeyRing("LETTER_KEYS", messages.recv())
    Resealing(Database(url), StuckSealing(ring, messages), ENVELOPES, SQL, 3).run(60)


def test_killed_run_leaves_nothing_half_done(
    database: Database, database_url: str, query: Query
) -> None:
    write(query, OLD, 7)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=reseal_and_get_stuck, args=(database_url, theirs))
    process.start()
    ours.send(ring_of("k2", "k1"))
    assert ours.poll(30), "it did not come to its second batch"
    process.kill()
    process.join()

    assert [row["key_id"] for row in rows(query)] == ["k2"] * 3 + ["k1"] * 4
    assert_readable(query, NEW)
    runs: list[Resealed] = []

    def all_are_done() -> bool:
        """The server lets go of the rows when it notices the death."""
        runs.append(reseal(database))
        return not runs[-1].left

    eventually(all_are_done)
    assert sum(done.rewritten for done in runs) == 4
    assert_readable(query, sealing_of("k2"))
