"""The history of streams: the minutes say what the events say, however often they are counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.banking.overview import minutes
from chalicelib.banking.wiring import Parts
from fintegrate.console.flows import EVERYTHING, KINDS
from fintegrate.console.lag import bucket_of, percentile_ms
from tests.integration.banking.overview.written import (
    seconds,
    write_event,
    write_letter,
    write_receipt,
)
from tests.support.fixtures import Query
from tests.support.schedules import run_schedule

NOW = datetime(2026, 11, 20, 12, 30, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ROWS = """
SELECT * FROM stream_minutes
WHERE consumer_id = %(stream)s AND committed IS NOT NULL
ORDER BY minute
"""


@pytest.fixture
def make_stream(query: Query) -> Callable[[], str]:
    """Makes a consumer that needs neither key nor queue."""

    def make() -> str:
        name = f"bank_{uuid4().hex[:12]}"
        (row,) = query("INSERT INTO consumers (name) VALUES (%(n)s) RETURNING consumer_id", n=name)
        return str(row["consumer_id"])

    return make


@pytest.fixture
def stream(make_stream: Callable[[], str]) -> str:
    return make_stream()


@pytest.fixture
def count(parts: Parts) -> Any:
    """Runs the schedule at a time."""
    return lambda now=NOW: minutes.write_minutes(parts.request.database, now)


def rows_of(query: Query, stream: str) -> list[dict[str, Any]]:
    return query(ROWS, stream=stream)


def sums(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {kind: sum(row[kind] for row in rows) for kind in KINDS}


def write_history(query: Query, stream: str, random: Random) -> dict[str, int]:
    """Write an event with a random history that ends before the minutes that are counted; what it is."""
    at = NOW - seconds(random.uniform(160, 3_500))
    happened = dict.fromkeys(KINDS, 0) | {"committed": 1}
    late = random.choice([0.0, 0.004, 0.2, 4.9, 5.0, 5.1, 70.0])
    published = min(at + seconds(late), NOW - seconds(151))
    columns: dict[str, Any] = {}
    if random.random() < 0.9:
        columns["published_at"], happened["published"] = published, 1
    if random.random() < 0.2:
        columns["deliver_last_tried_at"], happened["redelivered"] = published, 1
    event_id = write_event(query, stream, at, **columns)
    said = random.choice([None, "received", "processed", "processed", "failed"])
    if said:
        last = min(published + seconds(random.uniform(0, 300)), NOW - seconds(150.5))
        write_receipt(query, event_id, said, min(published + seconds(0.01), last), last)
        happened["received"] = 1
        happened[said] = 1
    if random.random() < 0.2:
        superseded = random.random() < 0.3
        write_letter(query, stream, event_id, published, superseded=superseded)
        happened["failed"] |= not superseded
    return happened


@pytest.mark.parametrize("seed", range(4))
def test_minutes_add_up_to_events(
    seed: int, count: Any, make_stream: Callable[[], str], query: Query
) -> None:
    random = Random(seed)
    streams = [make_stream(), make_stream()]
    expected = {stream: dict.fromkeys(KINDS, 0) for stream in streams}
    for _ in range(60):
        stream = random.choice(streams)
        for kind, events in write_history(query, stream, random).items():
            expected[stream][kind] += events

    count()

    found = {stream: sums(rows_of(query, stream)) for stream in streams}
    assert found == expected
    total = {kind: sum(each[kind] for each in expected.values()) for kind in KINDS}
    assert sums(rows_of(query, EVERYTHING)) == total
    for stream in (*found, EVERYTHING):
        for row in rows_of(query, stream):
            assert sum(row["publish_lag"] or [0]) == row["published"]
            assert sum(row["process_lag"] or [0]) == row["processed"]


def test_counting_again_changes_nothing(count: Any, stream: str, query: Query) -> None:
    random = Random(7)
    for _ in range(20):
        write_history(query, stream, random)
    count()
    before = rows_of(query, stream), rows_of(query, EVERYTHING)
    query("UPDATE stream_minutes SET committed = NULL")

    count()

    assert (rows_of(query, stream), rows_of(query, EVERYTHING)) == before


def test_lag_lands_in_its_bucket(count: Any, stream: str, query: Query) -> None:
    at = NOW - seconds(900)
    for lag in (0.005, 0.0051, 60, 61, 600):
        event_id = write_event(query, stream, at, published_at=at + seconds(lag))
        write_receipt(query, event_id, "processed", at + seconds(lag))

    count()

    for column in ("publish_lag", "process_lag"):
        found = [row[column] for row in rows_of(query, stream) if row[column]]
        counts = [sum(each) for each in zip(*found, strict=True)]
        assert {number for number, events in enumerate(counts) if events} == {
            bucket_of(lag) for lag in (0.005, 0.0051, 60, 61, 600)
        }


def test_kept_percentile_is_that_of_counts(stream: str, query: Query) -> None:
    random = Random(5)
    every: list[list[int]] = [
        [0] * 14,
        [1] * 14,
        *([0] * n + [1] + [0] * (13 - n) for n in range(14)),
    ]
    every += [[random.choice([0, 0, 1, 7, 20, 5_000]) for _ in range(14)] for _ in range(300)]
    for number, counts in enumerate(every):
        values = {"id": stream, "at": NOW - number * MINUTE, "counts": counts}
        query(
            "INSERT INTO stream_minutes (consumer_id, minute, publish_lag)"
            " VALUES (%(id)s, %(at)s, %(counts)s)",
            **values,
        )

    kept = query("SELECT publish_lag, publish_lag_p95_ms, process_lag_p95_ms FROM stream_minutes")

    assert len(kept) == len(every)
    for row in kept:
        assert row["publish_lag_p95_ms"] == percentile_ms(row["publish_lag"]), row["publish_lag"]
        assert row["process_lag_p95_ms"] is None


def test_open_minutes_are_not_counted(count: Any, stream: str, query: Query) -> None:
    write_event(query, stream, NOW - seconds(151))
    write_event(query, stream, NOW - seconds(149))

    count()

    assert sums(rows_of(query, stream))["committed"] == 1
    count(NOW + MINUTE)
    assert sums(rows_of(query, stream))["committed"] == 2


def test_run_goes_back_an_hour(count: Any, stream: str, query: Query) -> None:
    count(NOW - 5 * timedelta(hours=1))
    write_event(query, stream, NOW - timedelta(hours=4, minutes=30))
    write_event(query, stream, NOW - timedelta(minutes=30))

    counted = [count()["counted"] for _ in range(6)]

    assert counted == [60, 60, 60, 60, 60, 0]
    rows = rows_of(query, EVERYTHING)
    assert sums(rows)["committed"] == 2
    assert [row["minute"] for row in rows] == [rows[0]["minute"] + MINUTE * n for n in range(360)]


def test_idle_minute_is_told_from_unknown(count: Any, stream: str, query: Query) -> None:
    count()

    rows = rows_of(query, stream)
    assert len(rows) == 60
    assert sums(rows) == dict.fromkeys(KINDS, 0)
    assert all(row["pending"] is None for row in rows)


def test_hour_is_the_sum_of_its_minutes(count: Any, stream: str, query: Query) -> None:
    random = Random(11)
    for _ in range(40):
        write_history(query, stream, random)
    count()
    count(NOW + timedelta(hours=1))

    hours = query("SELECT * FROM stream_hours WHERE consumer_id = %(id)s ORDER BY hour", id=stream)
    assert [row["hour"].hour for row in hours] == [11, 12]
    for hour in hours:
        own = [row for row in rows_of(query, stream) if row["minute"].hour == hour["hour"].hour]
        assert sums(own) == {kind: hour[kind] for kind in KINDS}
        assert hour["minutes"] == len(own)
        assert sum(hour["publish_lag"]) == hour["published"]


def test_old_rows_are_forgotten(count: Any, stream: str, query: Query) -> None:
    for age in (7, 9, 399, 401):
        at = NOW - timedelta(days=age)
        query("INSERT INTO stream_minutes VALUES (%(id)s, %(at)s, 0)", id=stream, at=at)
        query(
            "INSERT INTO stream_hours VALUES (%(id)s, %(at)s, 1, 0, 0, 0, 0, 0, 0, '{}', '{}')",
            id=stream,
            at=at,
        )

    count()

    (kept,) = query("SELECT min(minute) AS oldest FROM stream_minutes")
    (hours,) = query("SELECT min(hour) AS oldest FROM stream_hours")
    assert kept["oldest"] == NOW - timedelta(days=7)
    assert hours["oldest"] == NOW - timedelta(days=399)


def test_what_waits_is_written_down(parts: Parts, stream: str, query: Query) -> None:
    at = datetime.now(UTC) - seconds(100)
    customer = "2a416c11-0000-4000-8000-000000000001"
    for sequence in (1, 2, 3):
        write_event(query, stream, at, customer_id=customer, sequence=sequence)
    write_event(query, stream, at, published_at=at)

    run_schedule("write_minutes")

    (row,) = query(
        "SELECT * FROM stream_minutes WHERE consumer_id = %(id)s AND pending IS NOT NULL",
        id=stream,
    )
    assert (row["pending"], row["held_back"], row["undelivered"]) == (3, 2, 1)
    assert row["oldest_pending_seconds"] >= 100
    assert (row["queue_depth"], row["readers"]) == (None, None)
