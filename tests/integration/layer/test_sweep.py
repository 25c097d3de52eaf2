"""Sweeps by row lock: nothing twice, nothing out of order, nothing claimed by who has died."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

from fintegrate.database import Database
from fintegrate.outbox.sweep import Sweep
from fintegrate.outcome import CONFIRMED, Result
from tests.integration.layer.dying import StuckProcess
from tests.integration.layer.letters import (
    AWAY,
    BY_LOCK,
    FILTERS,
    FULL,
    LETTERS,
    LISTED,
    REFUSED,
    PostOffice,
    lanes_fail,
    waiting,
    write,
)
from tests.support.fixtures import Query
from tests.support.threads import at_once
from tests.support.waiting import eventually

LANES = ["ann", "bob", "cem", "dee"]


def sweep(database: Database, office: PostOffice, batch: int = 100) -> Sweep:
    return Sweep(database, office, LETTERS, BY_LOCK, LISTED, batch)


def test_lanes_are_sent_in_order(database: Database, query: Query) -> None:
    write(query, LANES, each=5)
    office = PostOffice()

    summary = sweep(database, office, batch=3).run(FILTERS, 60)

    assert (summary.succeeded, summary.skipped) == (20, 0)
    assert waiting(query) == []
    for lane in LANES:
        assert [where for name, where in office.arrived if name == lane] == [1, 2, 3, 4, 5]


def test_second_sweep_takes_unlocked_letters(
    make_database: Callable[[], Database], query: Query
) -> None:
    write(query, LANES)
    second = PostOffice()
    meanwhile = partial(sweep(make_database(), second).run, FILTERS, 60)
    first = PostOffice(before=meanwhile)

    sweep(make_database(), first, batch=2).run(FILTERS, 60)

    assert first.arrived == [("ann", 1), ("bob", 1)]
    assert second.arrived == [("cem", 1), ("dee", 1)]


def test_second_sweep_waits_behind_locks(
    make_database: Callable[[], Database], query: Query
) -> None:
    write(query, ["ann"], each=3)
    second = PostOffice()
    meanwhile = partial(sweep(make_database(), second).run, FILTERS, 60)
    first = PostOffice(before=meanwhile)

    sweep(make_database(), first, batch=2).run(FILTERS, 60)

    assert first.arrived == [("ann", 1), ("ann", 2), ("ann", 3)]
    assert second.arrived == []


def test_many_sweeps_send_nothing_twice(
    make_database: Callable[[], Database], query: Query
) -> None:
    lanes = [f"lane {number}" for number in range(100)]
    write(query, lanes, each=3)
    offices = [PostOffice() for _ in range(3)]

    at_once([partial(sweep(make_database(), office, 7).run, FILTERS, 60) for office in offices])

    sweep(make_database(), offices[0]).run(FILTERS, 60)  # what a run left because another held it
    arrived = Counter(letter for office in offices for letter in office.arrived)
    assert set(arrived.values()) == {1}
    assert len(arrived) == 300


def test_failure_holds_back_its_lane(database: Database, query: Query) -> None:
    write(query, LANES, each=2)
    office = PostOffice(lanes_fail(["bob"], REFUSED))

    summary = sweep(database, office, batch=3).run(FILTERS, 60)

    assert waiting(query) == [("bob", 1), ("bob", 2)]
    assert (summary.succeeded, summary.failed, summary.skipped) == (6, 1, 1)
    assert summary.failures == [{"letter": 2, "tries": 1, "failure_reason": "bad address"}]


def test_given_up_letter_lets_others_go(database: Database, query: Query) -> None:
    write(query, ["bob"], each=2)
    sweep(database, PostOffice(lambda _: REFUSED)).run({"max_tries": 1}, 60)

    office = PostOffice()
    sweep(database, office).run(FILTERS, 60)

    assert office.arrived == [("bob", 2)]


def test_nack_spends_no_try(database: Database, query: Query) -> None:
    write(query, LANES)
    office = PostOffice(lanes_fail(["bob"], FULL))

    summary = sweep(database, office).run({"max_tries": 1}, 60)

    assert (summary.succeeded, summary.failed, summary.skipped) == (3, 0, 1)
    assert waiting(query) == [("bob", 1)]
    assert query("SELECT tries, reason FROM letters WHERE lane = 'bob'") == [
        {"tries": 0, "reason": "no room"}
    ]


def test_silence_spends_no_try(database: Database, query: Query) -> None:
    write(query, LANES)
    office = PostOffice(lanes_fail(["bob"], AWAY))

    summary = sweep(database, office).run({"max_tries": 1}, 60)

    assert (summary.succeeded, summary.failed) == (3, 1)
    assert waiting(query) == [("bob", 1)]
    assert query("SELECT tries, reason FROM letters WHERE lane = 'bob'") == [
        {"tries": 0, "reason": "no answer"}
    ]


def test_first_letter_goes_alone(database: Database, query: Query) -> None:
    office = PostOffice()
    assert sweep(database, office).send_first(FILTERS) is None
    write(query, LANES)

    assert sweep(database, office).send_first(FILTERS) == CONFIRMED

    assert office.arrived == [("ann", 1)]


def test_outage_ends_the_run(database: Database, query: Query) -> None:
    write(query, LANES)
    office = PostOffice(lanes_fail(["ann"], AWAY), outages=frozenset({Result.UNCONFIRMED}))

    summary = sweep(database, office, batch=2).run(FILTERS, 60)

    assert office.batches == [[("ann", 1), ("bob", 1)]]
    assert (summary.attempted, summary.skipped) == (2, 2)


def test_one_dead_destination_ends_no_run(database: Database, query: Query) -> None:
    write(query, LANES)
    office = PostOffice(lanes_fail(["ann"], AWAY))

    sweep(database, office, batch=2).run(FILTERS, 60)

    assert waiting(query) == [("ann", 1)]


def test_killed_sweep_leaves_nothing_claimed(
    database: Database, database_url: str, query: Query
) -> None:
    write(query, LANES, each=2)
    process = StuckProcess(by_lease=False, url=database_url)
    assert process.claimed == 8
    held = PostOffice()
    sweep(database, held).run(FILTERS, 60)
    assert held.arrived == []

    process.kill()

    def all_sent() -> bool:
        sweep(database, held).run(FILTERS, 60)
        return waiting(query) == []

    eventually(all_sent, "the killed sweep's letters are sent")
    assert len(held.arrived) == 8
