"""Replays of random histories, with workers that die anywhere, against what each event was promised."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.banking.replay import worker
from chalicelib.banking.replay.worker import ReplayWorker
from chalicelib.banking.wiring import Parts
from fintegrate.database import Database, Row
from fintegrate.outcome import ATTEMPTED, CONFIRMED, Outcome, Result
from tests.support.api import Api
from tests.support.fixtures import Query

WRITE = """
INSERT INTO consumers (consumer_id, name) VALUES (%(consumer_id)s, %(name)s);
INSERT INTO customers (customer_id, consumer_id, name)
SELECT DISTINCT (e ->> 'customer')::uuid, %(consumer_id)s::uuid, 'Jane Roe'
FROM json_array_elements(%(events)s) e;
INSERT INTO customer_events (event_id, consumer_id, customer_id, sequence, event_type,
                             source_service, payload_json, metadata_json, created_at, publish_status,
                             published_at, publish_failure_reason, deliver_status, delivered_at,
                             deliver_failure_reason)
SELECT (e ->> 'id')::uuid, %(consumer_id)s, (e ->> 'customer')::uuid, (e ->> 'sequence')::int,
       'customer_status_change', 'test', '{}', '{}',
       now() - interval '1 hour' + (e ->> 'place')::int * interval '1 second', publish,
       CASE WHEN publish = 'published' THEN now() END,
       CASE WHEN publish <> 'published' THEN 'NO_ROUTE' END, deliver,
       CASE WHEN deliver = 'delivered' THEN now() END,
       CASE state WHEN 'dead_lettered' THEN 'dead-lettered: expired' END
FROM json_array_elements(%(events)s) e
CROSS JOIN LATERAL (SELECT e ->> 'state' AS state) s
CROSS JOIN LATERAL (
    SELECT CASE state WHEN 'waiting' THEN 'pending' WHEN 'publish_failed' THEN 'failed'
                      ELSE 'published' END AS publish,
           CASE WHEN state IN ('received', 'processed') THEN 'delivered'
                WHEN state IN ('delivery_failed', 'dead_lettered') THEN 'failed'
                ELSE 'pending' END AS deliver) told;
INSERT INTO consumer_event_receipts (consumer_id, event_id, customer_id, event_type, processing_status,
                                     event_created_at)
SELECT %(consumer_id)s, written.event_id, written.customer_id, written.event_type,
       CASE e ->> 'state' WHEN 'delivery_failed' THEN 'failed' ELSE e ->> 'state' END,
       written.created_at
FROM json_array_elements(%(events)s) e
JOIN customer_events written ON written.event_id = (e ->> 'id')::uuid
WHERE e ->> 'state' IN ('received', 'processed', 'delivery_failed')
"""
FREE = """
UPDATE replays SET lease_until = NULL, look_at = NULL WHERE consumer_id = %(consumer_id)s;
DELETE FROM publishing_pauses WHERE consumer_id = %(consumer_id)s
"""
SHARE = 3
SENDABLE = ("in_queue", "received", "delivery_failed", "dead_lettered", "publish_failed")
STATES = st.sampled_from([*SENDABLE, "waiting", "processed"])
OUTCOMES = st.sampled_from(
    [*[Result.CONFIRMED] * 6, Result.NACKED, Result.UNCONFIRMED, Result.UNROUTABLE, Result.UNSENT]
)
DISTURBANCES = st.tuples(
    st.one_of(st.none(), st.integers(1, 40)),
    st.lists(OUTCOMES, max_size=12),
    st.sets(st.integers(0, 15), max_size=3),
)


class Killed(BaseException):
    """The worker is dead: nothing of it runs any more."""


class Unthrottled:
    """A throttle without time; its ceiling has tests of its own."""

    of_last_second = 0

    def __init__(self, _silence: float) -> None:
        pass

    def share(self, _per_second: int, _most: int) -> int:
        return SHARE

    def wait(self, _per_second: int, _most: int) -> float:
        return 0.0

    def note(self, count: int, began: float, per_second: int) -> None:
        pass


class Mortal:
    """A database whose client dies before its statement of this number, as does what follows it."""

    def __init__(self, database: Database, dies_at: int | None) -> None:
        self._database = database
        self._left = dies_at

    def _live(self) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self._left = 0
                raise Killed

    def fetch_one(self, sql: str, parameters: Any, **options: Any) -> Row | None:
        self._live()
        return self._database.fetch_one(sql, parameters, **options)

    def fetch_all(self, sql: str, parameters: Any, **options: Any) -> list[Row]:
        self._live()
        return self._database.fetch_all(sql, parameters, **options)

    def execute(self, sql: str, parameters: Any) -> int:
        self._live()
        return self._database.execute(sql, parameters)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._database.transaction():
            yield
            self._live()  # before the commit


@dataclass
class Broker:
    """Takes batches and answers as the script says; then it takes everything."""

    script: list[Result] = field(default_factory=list)
    attempts: list[tuple[str, str, int, Result]] = field(default_factory=list)
    outages = frozenset({Result.UNCONFIRMED, Result.UNSENT})

    def send(self, rows: Sequence[Row], _seconds: float) -> list[Outcome]:
        assert len(rows) <= SHARE
        failed: set[str] = set()
        outcomes = []
        for row in rows:
            key = row["customer_id"]
            if key in failed:
                outcomes.append(Outcome(Result.HELD_BACK, "held back"))
                continue
            result = self.script.pop(0) if self.script else Result.CONFIRMED
            self.attempts.append((row["event_id"], key, row["sequence"], result))
            outcomes.append(CONFIRMED if result is Result.CONFIRMED else Outcome(result, "no"))
            if result is not Result.CONFIRMED:
                failed.add(key)
        return outcomes


def history(shape: list[list[str]]) -> list[dict[str, Any]]:
    """Events with ids, customer by customer, in the order of their creation."""
    customers = [str(uuid.uuid4()) for _ in shape]
    events = [
        {"customer": customer, "sequence": sequence, "state": state, "id": str(uuid.uuid4())}
        for customer, states in zip(customers, shape, strict=True)
        for sequence, state in enumerate(states, 1)
    ]
    events.sort(key=lambda event: event["sequence"])
    last = {event["customer"]: event["sequence"] for event in events}
    for place, event in enumerate(events):
        event |= {"place": place, "has_later": event["sequence"] < last[event["customer"]]}
    return events


@pytest.mark.usefixtures("parts")
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    shape=st.lists(st.lists(STATES, min_size=1, max_size=5), min_size=1, max_size=4),
    mode=st.sampled_from(["missed", "all"]),
    include_late=st.booleans(),
    only=st.one_of(st.none(), st.sets(st.sampled_from(SENDABLE), min_size=1)),
    disturbances=st.lists(DISTURBANCES, max_size=4),
)
def test_every_event_ends_as_promised(
    parts: Parts,
    admin: Api,
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
    shape: list[list[str]],
    mode: str,
    include_late: bool,
    only: set[str] | None,
    disturbances: list[tuple[int | None, list[Result], set[int]]],
) -> None:
    monkeypatch.setattr(worker, "Throttle", Unthrottled)
    events, consumer_id = history(shape), str(uuid.uuid4())
    name = f"bank_{consumer_id[:8]}"
    query(WRITE, consumer_id=consumer_id, name=name, events=json.dumps(events))
    wanted = {"mode": mode, "include_late": include_late, "consumer_id": consumer_id}
    job = admin.post("/replay/data", **wanted, **({"states": sorted(only)} if only else {})).data
    states = only or {*SENDABLE, *(["processed"] if mode == "all" else [])}
    chosen = [event for event in events if event["state"] in states]
    assert job["matched"] == len(chosen)

    broker, confirmed = Broker(), set[str]()
    for dies_at, script, places in [*disturbances, (None, [], set[int]())]:
        tried = {attempt[0] for attempt in broker.attempts}
        confirmed |= confirm(query, [e for e in chosen if e["place"] in places], tried)
        broker.script = list(script)
        query(FREE, consumer_id=consumer_id)
        work(parts, broker, dies_at)
    while broker.script or admin.get("/replay/data", job_id=job["job_id"]).data["status"] != "done":
        broker.script.clear()
        query(FREE, consumer_id=consumer_id)
        work(parts, broker, None)

    told = admin.get("/replay/data", job_id=job["job_id"]).data
    check(chosen, told, broker, confirmed, states, include_late=include_late)
    kills = sum(dies_at is not None for dies_at, _, _ in disturbances)
    copies = Counter(event for event, _, _, result in broker.attempts if result is Result.CONFIRMED)
    assert sum(copies.values()) - len(copies) <= SHARE * kills


def confirm(query: Query, events: list[dict[str, Any]], tried: set[str]) -> set[str]:
    """The bank processes what it got before the job came to it; the ids."""
    ids = [
        event["id"]
        for event in events
        if event["id"] not in tried and event["state"] not in {"publish_failed", "processed"}
    ]
    for event_id in ids:
        query(
            "SELECT confirm_delivery(event_id, consumer_id, 'processed', NULL, NULL)"
            " FROM customer_events WHERE event_id = %(id)s",
            id=event_id,
        )
    return set(ids)


def work(parts: Parts, broker: Broker, dies_at: int | None) -> None:
    mortal: Any = Mortal(parts.sweep_database, dies_at)
    own = ReplayWorker(mortal, broker, lambda: "closed", handoff_seconds=5, probe_seconds=55)
    try:
        own.run(20.0)
    except Killed:
        assert dies_at is not None


def check(
    chosen: list[dict[str, Any]],
    told: dict[str, Any],
    broker: Broker,
    confirmed: set[str],
    states: set[str],
    *,
    include_late: bool,
) -> None:
    """Each event was sent, refused or left out as the contract says, and in order."""
    last = {event: result for event, _, _, result in broker.attempts if result in ATTEMPTED}
    expected: Counter[str] = Counter()
    for event in chosen:
        is_failed = event["state"] == "publish_failed"
        if is_failed and not event["has_later"]:
            assert event["id"] not in last
            expected["sent"] += 1  # pending again
        elif (is_failed and not include_late) or (
            event["id"] in confirmed and "processed" not in states
        ):
            assert event["id"] not in last
            expected["left_out"] += 1
        else:
            expected["sent" if last[event["id"]] is Result.CONFIRMED else "refused"] += 1
    counts = {name: told[name] for name in ("sent", "refused", "left_out")}
    assert counts == {name: expected[name] for name in counts}
    first: dict[str, list[int]] = {}
    for _, customer, sequence, result in broker.attempts:
        sequences = first.setdefault(customer, [])
        if result in ATTEMPTED and sequence not in sequences:
            sequences.append(sequence)
    assert all(sequences == sorted(sequences) for sequences in first.values())
