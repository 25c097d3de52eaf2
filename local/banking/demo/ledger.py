"""The demo's bookkeeping: what was answered, what Fintegrate lists, what the bank stored.

All numbers are read from the API and from the consumer's own store. `discrepancies` says in
words where they do not add up.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from local.banking.demo.story import Record

_OVERTAKERS = """
SELECT count(*) FROM seen_events held JOIN seen_events other
ON other.rowid < held.rowid AND other.created_at > held.created_at
   AND other.customer_id <> held.customer_id
WHERE held.event_id = ?
"""


@dataclass(frozen=True, slots=True)
class EventFacts:
    """One event as `GET /events/list` shows it."""

    event_id: str
    event_type: str
    publish_status: str
    deliver_status: str
    seconds_to_publish: float | None
    seconds_to_confirm: float | None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event as the bank stored it, in the order of storing."""

    event_id: str
    customer_id: str
    sequence: int
    outcome: str
    repeats: int


@dataclass(frozen=True, slots=True)
class Store:
    """The bank's own store: its copy of the customers (name, status), and its events."""

    customers: dict[str, tuple[str, str]]
    events: list[StoredEvent]

    @property
    def repeats(self) -> int:
        """Deliveries of events that had been applied before."""
        return sum(event.repeats for event in self.events)


@dataclass(frozen=True, slots=True)
class Tally:
    """How the events of one type stand; the sums are counted apart from their parts."""

    committed: int
    published: int
    pending: int
    failed: int
    delivered: int
    undelivered: int
    delivery_failed: int


def event_facts(listed: Iterable[dict[str, Any]]) -> list[EventFacts]:
    """Read the items of `GET /events/list`."""
    return [
        EventFacts(
            item["event_id"],
            item["event_type"],
            item["publish_status"],
            item["deliver_status"],
            _seconds(item["created_at"], item["published_at"]),
            _seconds(item["created_at"], item["delivered_at"]),
        )
        for item in listed
    ]


def _seconds(start: str, end: str | None) -> float | None:
    if end is None:
        return None
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def read_store(path: Path) -> Store:
    """Read the consumer's SQLite file, also while it is being written."""
    if not path.exists():
        return Store({}, [])
    with closing(sqlite3.connect(path)) as database:
        customers = database.execute("SELECT customer_id, name, status FROM customers").fetchall()
        events = database.execute(
            "SELECT event_id, customer_id, sequence, outcome, repeats FROM seen_events"
            " ORDER BY rowid"
        ).fetchall()
    copies = {customer_id: (name, status) for customer_id, name, status in customers}
    return Store(copies, [StoredEvent(*row) for row in events])


def overtakers(path: Path, event_id: str) -> int:
    """How many later events of other customers the bank stored before this one."""
    with closing(sqlite3.connect(path)) as database:
        row = database.execute(_OVERTAKERS, (event_id,)).fetchone()
    return int(row[0])


def tally(events: Iterable[EventFacts]) -> Tally:
    """Count events by where they stand."""
    states = Counter((event.publish_status, event.deliver_status) for event in events)
    publish, deliver = Counter[str](), Counter[str]()
    for (publish_status, deliver_status), number in states.items():
        publish[publish_status] += number
        if publish_status == "published":
            deliver[deliver_status] += number
    return Tally(
        committed=states.total(),
        published=publish["published"],
        pending=publish["pending"],
        failed=publish["failed"],
        delivered=deliver["delivered"],
        undelivered=deliver["pending"],
        delivery_failed=deliver["failed"],
    )


def discrepancies(record: Record, events: list[EventFacts], store: Store) -> list[str]:
    """Every way in which the books do not add up, in words; empty when all is well."""
    return [
        *_failed_calls(record),
        *_cut_off(record),
        *_uncommitted(record, events),
        *_unbalanced(tally(events)),
        *_unprocessed(events, store),
        *_disordered(store),
        *_different_customers(record, store),
    ]


def differing(
    view: Mapping[str, tuple[str, str]], rows: Iterable[Mapping[str, Any]]
) -> Iterable[str]:
    """How the bank's view differs from the items of `GET /customer/list`; nothing if it is equal."""
    platforms = {row["customer_id"]: (row["name"], row["status"]) for row in rows}
    ids = view.keys() | platforms.keys()
    if wrong := sum(view.get(each) != platforms.get(each) for each in ids):
        yield f"{wrong} customers in the bank's view differ from the platform's rows"


def _failed_calls(record: Record) -> Iterable[str]:
    for words, times in Counter(record.failures).most_common():
        yield words if times == 1 else f"{words} ({times} times)"


def _cut_off(record: Record) -> Iterable[str]:
    if missing := record.customers - record.finished:
        yield f"{missing} customers' stories were cut off at the deadline"


def _uncommitted(record: Record, events: list[EventFacts]) -> Iterable[str]:
    listed = Counter(event.event_type for event in events)
    for kind in sorted(record.events.keys() | listed.keys()):
        if record.events[kind] != listed[kind]:
            yield f"{kind}: {record.events[kind]} answered with 2xx, {listed[kind]} listed"


def _unbalanced(total: Tally) -> Iterable[str]:
    if total.committed != total.published + total.pending + total.failed:
        yield f"committed {total.committed} is not published + pending + failed"
    if total.published != total.delivered + total.undelivered + total.delivery_failed:
        yield f"published {total.published} is not delivered + undelivered + delivery failed"
    for words, number in (
        ("not yet published", total.pending),
        ("failed to be published", total.failed),
        ("published and not confirmed", total.undelivered),
        ("failed at the bank or dead-lettered", total.delivery_failed),
    ):
        if number:
            yield f"{number} events {words}"


def _unprocessed(events: list[EventFacts], store: Store) -> Iterable[str]:
    listed = {event.event_id for event in events}
    processed = {event.event_id for event in store.events if event.outcome == "processed"}
    if missing := len(listed - processed):
        yield f"{missing} listed events are not in the bank's store as processed"
    if unknown := len(processed - listed):
        yield f"{unknown} events in the bank's store are not listed"


def _disordered(store: Store) -> Iterable[str]:
    sequences = defaultdict[str, list[int]](list)
    for event in store.events:
        sequences[event.customer_id].append(event.sequence)
    wrong = sum(seen != list(range(1, len(seen) + 1)) for seen in sequences.values())
    if wrong:
        yield f"{wrong} customers' events were not applied in order 1, 2, 3 …"


def _different_customers(record: Record, store: Store) -> Iterable[str]:
    ids = record.living.keys() | store.customers.keys()
    wrong = sum(record.living.get(each) != store.customers.get(each) for each in ids)
    if wrong:
        yield f"{wrong} customers in the bank's copy differ from what was answered"
