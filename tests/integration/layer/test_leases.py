"""Sweeps by lease: a token decides who may write back, the database's clock when a lease is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from fintegrate.database import Database
from fintegrate.outbox.leased_sweep import LeasedSweep
from fintegrate.outbox.leases import Leases
from fintegrate.outcome import CONFIRMED, Outcome, Result
from tests.integration.layer.dying import StuckProcess
from tests.integration.layer.letters import (
    AWAY,
    BY_LEASE,
    CLOSED,
    FILTERS,
    LETTERS,
    LISTED,
    REFUSED,
    PostOffice,
    lanes_fail,
    letter,
    waiting,
    write,
)
from tests.support.fixtures import Query
from tests.support.threads import at_once

LANES = ["ann", "bob", "cem", "dee"]
ALL = {**FILTERS, **LETTERS.beginning}
OPEN_TRANSACTIONS = """
SELECT count(*) AS count FROM pg_stat_activity
WHERE datname = current_database() AND state LIKE 'idle in transaction%%'
"""
WAITS = {Result.REFUSED: 3_600.0, Result.UNCONFIRMED: 60.0, Result.UNSENT: 60.0}


def leases_of(database: Database, batch: int = 100) -> Leases:
    return Leases(
        database,
        LETTERS,
        BY_LEASE,
        lambda _row, outcome: WAITS.get(outcome.result, 0.0),
        batch=batch,
    )


def sweep(database: Database, office: PostOffice, batch: int = 100) -> LeasedSweep:
    return LeasedSweep(leases_of(database, batch), office, LISTED)


def expire(query: Query) -> None:
    """Let every lease be over, by the database's clock."""
    query("UPDATE letters SET lease_until = clock_timestamp() WHERE lease_until IS NOT NULL")


def state(query: Query) -> list[dict[str, object]]:
    return query("SELECT * FROM letters ORDER BY letter_id")


def test_lanes_are_sent_in_order(database: Database, query: Query) -> None:
    write(query, LANES, each=5)
    office = PostOffice()

    summary = sweep(database, office, batch=3).run(FILTERS, 60)

    assert (summary.succeeded, summary.skipped) == (20, 0)
    assert waiting(query) == []
    assert max(map(len, office.batches)) <= 3
    for lane in LANES:
        assert [where for name, where in office.arrived if name == lane] == [1, 2, 3, 4, 5]


def test_no_transaction_is_open_while_sending(database: Database, query: Query) -> None:
    write(query, LANES)
    found: list[object] = []

    def look() -> None:
        found.extend(row["count"] for row in query(OPEN_TRANSACTIONS))
        query("SELECT * FROM letters FOR UPDATE NOWAIT")

    sweep(database, PostOffice(before=look)).run(FILTERS, 60)

    assert found == [0]


def test_leased_letter_is_nobody_elses(make_database: Callable[[], Database], query: Query) -> None:
    write(query, LANES)
    first = leases_of(make_database(), batch=2).claim(ALL)

    second = leases_of(make_database()).claim(ALL)

    assert [letter(row) for row in first.rows] == [("ann", 1), ("bob", 1)]
    assert [letter(row) for row in second.rows] == [("cem", 1), ("dee", 1)]
    assert first.token != second.token


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


def test_letter_waits_behind_a_leased_one(
    make_database: Callable[[], Database], query: Query
) -> None:
    write(query, ["ann"], each=3)
    leases_of(make_database(), batch=1).claim(ALL)

    behind = leases_of(make_database()).claim(ALL)

    assert behind.rows == []
    later = [(row["lease_token"], row["reason"]) for row in state(query)[1:]]
    assert later == [(None, LETTERS.held_back)] * 2


def test_letter_waits_behind_a_retry(database: Database, query: Query) -> None:
    write(query, ["ann"], each=2)
    sweep(database, PostOffice(lambda _: REFUSED)).run(FILTERS, 60)

    office = PostOffice()
    sweep(database, office).run(FILTERS, 60)

    assert office.arrived == []
    assert waiting(query) == [("ann", 1), ("ann", 2)]


def test_statements_may_keep_no_order(database: Database, query: Query) -> None:
    write(query, ["ann"], each=2)
    unordered = {name: text for name, text in BY_LEASE.items() if name != "barriers"}
    first = replace(leases_of(database, batch=1), statements=unordered)
    first.claim(ALL)

    assert [letter(row) for row in first.claim(ALL).rows] == [("ann", 2)]


def test_expired_lease_is_taken_over(make_database: Callable[[], Database], query: Query) -> None:
    write(query, LANES)
    lost = leases_of(make_database()).claim(ALL)
    assert leases_of(make_database()).claim(ALL).rows == []

    expire(query)

    taken_over = leases_of(make_database()).claim(ALL)
    assert taken_over.rows == lost.rows
    assert taken_over.token != lost.token


@pytest.mark.parametrize("outcome", [CONFIRMED, REFUSED, AWAY, CLOSED])
def test_zombie_write_back_changes_nothing(
    make_database: Callable[[], Database], query: Query, outcome: Outcome
) -> None:
    write(query, LANES)
    zombie, heir = leases_of(make_database()), leases_of(make_database())
    lost = zombie.claim(ALL)
    expire(query)
    heir.claim(ALL)
    before = state(query)

    written = zombie.write_back(lost, lost.rows, [outcome] * 4, FILTERS)

    assert written == 0
    assert state(query) == before


def test_late_zombie_changes_nothing(make_database: Callable[[], Database], query: Query) -> None:
    write(query, ["ann"])
    zombie, heir = leases_of(make_database()), leases_of(make_database())
    lost = zombie.claim(ALL)
    expire(query)
    lease = heir.claim(ALL)
    assert heir.write_back(lease, lease.rows, [CONFIRMED], FILTERS) == 1

    assert zombie.write_back(lost, lost.rows, [REFUSED], FILTERS) == 0
    assert waiting(query) == []


def test_part_of_a_lease_is_written(database: Database, query: Query) -> None:
    write(query, LANES)
    leases = leases_of(database)
    lease = leases.claim(ALL)

    leases.write_back(lease, lease.rows[:2], [CONFIRMED, REFUSED], FILTERS)

    told = [(row["status"], row["reason"], row["lease_token"]) for row in state(query)]
    assert told == [
        ("sent", None, None),
        ("waiting", "refused: bad address", None),
        ("waiting", None, lease.token),
        ("waiting", None, lease.token),
    ]


def test_renewed_lease_is_not_taken_over(
    make_database: Callable[[], Database], query: Query
) -> None:
    write(query, LANES)
    leases = leases_of(make_database())
    lease = leases.claim(ALL)
    expire(query)

    renewed = leases.renew(lease, lease.rows[:3])

    assert renewed.rows == lease.rows[:3]
    assert renewed.ends >= lease.ends
    taken_over = leases_of(make_database()).claim(ALL)
    assert [letter(row) for row in taken_over.rows] == [("dee", 1)]


def test_lost_lease_is_not_renewed(make_database: Callable[[], Database], query: Query) -> None:
    write(query, LANES)
    zombie = leases_of(make_database())
    lease = zombie.claim(ALL)
    expire(query)
    leases_of(make_database(), batch=1).claim(ALL)

    renewed = zombie.renew(lease, lease.rows)

    assert [letter(row) for row in renewed.rows] == [("bob", 1), ("cem", 1), ("dee", 1)]


def test_expired_lease_sends_nothing(database: Database, query: Query) -> None:
    write(query, LANES)
    office = PostOffice()
    leases = replace(leases_of(database), seconds=1e-6)  # over before the claim has committed

    summary = LeasedSweep(leases, office, LISTED, send_seconds=1e-7).run(FILTERS, 60)

    assert office.batches == []
    assert (summary.attempted, summary.skipped) == (0, 4)
    assert {row["lease_token"] for row in state(query)} == {None}


@pytest.mark.parametrize("name", ["renew", "confirmed", "failed", "released"])
def test_write_back_must_name_the_token(database: Database, name: str) -> None:
    forgetful = {**BY_LEASE, name: "UPDATE letters SET status = 'sent'"}

    with pytest.raises(ValueError, match=name):
        replace(leases_of(database), statements=forgetful)


def test_lease_must_outlast_its_sending(database: Database) -> None:
    with pytest.raises(ValueError, match="longer than the sending"):
        LeasedSweep(leases_of(database), PostOffice(), LISTED, send_seconds=60.0)


def test_failing_lane_stops_no_other(database: Database, query: Query) -> None:
    write(query, LANES, each=3)
    office = PostOffice(lanes_fail(["ann"], AWAY))

    summary = sweep(database, office, batch=2).run(FILTERS, 60)

    assert len(office.arrived) == 9
    assert waiting(query) == [("ann", 1), ("ann", 2), ("ann", 3)]
    assert (summary.succeeded, summary.failed, summary.skipped) == (9, 1, 2)


def test_outage_ends_the_run(database: Database, query: Query) -> None:
    write(query, LANES)
    office = PostOffice(lambda _: CLOSED, outages=frozenset({Result.UNSENT}))

    sweep(database, office, batch=2).run(FILTERS, 60)

    assert office.batches == [[("ann", 1), ("bob", 1)]]


@pytest.mark.parametrize(
    ("outcome", "tries", "reason"),
    [(AWAY, 1, "unconfirmed: no answer"), (CLOSED, 0, "closed today")],
)
def test_failed_letter_waits_its_time(
    database: Database, query: Query, outcome: Outcome, tries: int, reason: str
) -> None:
    write(query, ["ann"])

    sweep(database, PostOffice(lambda _: outcome)).run(FILTERS, 60)

    (row,) = query(
        "SELECT *, extract(epoch FROM next_attempt_at - clock_timestamp()) AS wait FROM letters"
    )
    assert (row["status"], row["tries"], row["reason"]) == ("waiting", tries, reason)
    assert 0 < float(str(row["wait"])) <= 60
    office = PostOffice()
    sweep(database, office).run(FILTERS, 60)
    assert office.batches == [[]]
    query("UPDATE letters SET next_attempt_at = clock_timestamp()")
    sweep(database, office).run(FILTERS, 60)
    assert office.arrived == [("ann", 1)]


def test_killed_sweep_leaves_expiring_leases(
    database: Database, database_url: str, query: Query
) -> None:
    write(query, LANES, each=2)
    process = StuckProcess(by_lease=True, url=database_url)
    process.kill()
    office = PostOffice()

    sweep(database, office).run(FILTERS, 60)
    assert (process.claimed, office.arrived) == (8, [])
    expire(query)
    sweep(database, office).run(FILTERS, 60)

    assert len(office.arrived) == 8
    assert waiting(query) == []
