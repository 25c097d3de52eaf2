"""What is counted live: counting each stretch once says what counting all anew says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.banking.overview import live
from chalicelib.banking.wiring import Parts
from fintegrate.console.flows import EVERYTHING, KINDS
from tests.integration.banking.overview.written import (
    seconds,
    write_event,
    write_letter,
    write_receipt,
)
from tests.support.fixtures import Query
from tests.support.plans import rows_read

BEGIN = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def streams(query: Query) -> list[str]:
    """Consumers that need neither key nor queue."""
    make = "INSERT INTO consumers (name) VALUES (%(name)s) RETURNING consumer_id"
    names = [f"bank_{uuid4().hex[:12]}" for _ in range(2)]
    return [str(query(make, name=name)[0]["consumer_id"]) for name in names]


@pytest.fixture
def remembering(parts: Parts) -> Iterator[None]:
    live.COUNTINGS.seconds = 600.0
    yield
    live.COUNTINGS.clear()


def read(parts: Parts, stream: str | None, now: datetime) -> dict[str, Any]:
    """What the overview takes of it."""
    database = parts.request.database
    found = live.read(database, stream, BEGIN, now)
    last = live.read_last_minute(database, stream, found, now)
    return {
        "minutes": found.by_minute,
        "begin_at": found.begin_at,
        "last": {kind: last.get(kind, 0) for kind in KINDS},
    }


def anew(parts: Parts, stream: str | None, now: datetime) -> dict[str, Any]:
    live.COUNTINGS.clear()
    return read(parts, stream, now)


def happen(query: Query, stream: str, random: Random, now: datetime) -> None:
    """An event of the newest seconds, and what became of it until now."""
    at = now - seconds(random.uniform(0, 6))
    published = min(at + seconds(random.choice([0.004, 0.2, 4.9, 5.1])), now)
    columns = {"published_at": published} if random.random() < 0.9 else {}
    if random.random() < 0.2:
        columns["deliver_last_tried_at"] = now
    event_id = write_event(query, stream, at, **columns)
    said = random.choice([None, "received", "processed", "failed"])
    if said:
        write_receipt(query, event_id, said, published, now)
    if random.random() < 0.2:
        write_letter(query, stream, event_id, now)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.usefixtures("remembering")
def test_memory_says_what_tables_say(
    seed: int, parts: Parts, streams: list[str], query: Query
) -> None:
    random, now = Random(seed), BEGIN + seconds(62)
    for stream in (None, *streams):
        anew(parts, stream, now)
    remembered = []
    for _ in range(12):
        now += seconds(random.uniform(1, 6))
        for _ in range(3):
            happen(query, random.choice(streams), random, now)
        remembered.append({stream: read(parts, stream, now) for stream in (None, *streams)})

    assert remembered[-1] == {stream: anew(parts, stream, now) for stream in (None, *streams)}
    total = remembered[-1][None]["minutes"][EVERYTHING].values()
    assert sum(row["committed"] for row in total) == 36


@pytest.mark.usefixtures("remembering")
def test_last_minute_begins_to_the_second(parts: Parts, streams: list[str], query: Query) -> None:
    now = BEGIN + seconds(123.4)
    for age in (61, 60.1, 59.9, 51, 49, 1):
        write_event(query, streams[0], now - seconds(age), published_at=now - seconds(age))

    last = read(parts, None, now)["last"]

    assert (last["committed"], last["published"], last["processed"]) == (4, 4, 0)


@pytest.mark.usefixtures("remembering")
def test_poll_counts_only_newest_events(parts: Parts, streams: list[str], query: Query) -> None:
    now = BEGIN + seconds(115)
    for age in range(115):
        write_event(query, streams[0], now - seconds(age), published_at=now - seconds(age))

    with rows_read({"count"}) as first:
        read(parts, None, now)
    with rows_read({"count"}) as again:
        read(parts, None, now + seconds(2))

    assert first["count"] >= 115
    assert again["count"] < 40


@pytest.mark.usefixtures("remembering")
def test_late_commit_shows_once_counted_anew(
    parts: Parts, streams: list[str], query: Query
) -> None:
    now = BEGIN + seconds(100)
    read(parts, None, now)
    write_event(query, streams[0], now - seconds(30))
    write_event(query, streams[0], now - seconds(5))

    assert read(parts, None, now + seconds(1))["last"]["committed"] == 1
    assert anew(parts, None, now + seconds(1))["last"]["committed"] == 2


@pytest.mark.usefixtures("remembering")
def test_minutes_that_schedule_counted_are_forgotten(
    parts: Parts, streams: list[str], query: Query
) -> None:
    now = BEGIN + seconds(200)
    for age in (190, 10):
        write_event(query, streams[0], now - seconds(age))
    database = parts.request.database
    before = live.read(database, None, BEGIN, now)
    after = live.read(database, None, BEGIN + MINUTE, now)
    back = live.read(database, None, BEGIN, now)

    assert [len(found.by_minute[EVERYTHING]) for found in (before, after, back)] == [2, 1, 2]
