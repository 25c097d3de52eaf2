"""Measures a batch and a single event through the handler, against the bare driver's two inserts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2

from chalicelib.relay.ingest.accept import row_of
from chalicelib.relay.ingest.items import Storefront, read_item
from chalicelib.relay.values.json_text import dumps, loads
from fintegrate.queries import load_queries
from local.bench.figures import Figures
from local.bench.processors import microseconds_of, servers
from local.bench.timing import each_in_turns, median
from local.relay.bench.api import ingesting
from local.relay.bench.databases import RelayDatabase, RelayTemplate
from local.relay.bench.items import item, lean_item

RAW = load_queries(Path(__file__).with_name("raw.sql"))
CODE = "bench"
BATCH, BATCHES, COUNTED = 1_000, 11, 4
SINGLES = 600
Make = Callable[[str], dict[str, Any]]
"""Makes an item for the shop of this code."""


def batches(template: RelayTemplate) -> Figures:
    """Batches of 1,000 to three destinations: orders with a person, and orders without one."""
    return _batches(template, "relay_ingest", item) | _batches(
        template, "relay_ingest_lean", lean_item
    )


def _batches(template: RelayTemplate, name: str, make: Make) -> Figures:
    """Events per second in turns with the floor, and the processor time of an event."""
    with _shop(template) as (database, shop, lanes):

        def inserts(count: int) -> list[Callable[[], object]]:
            return _inserts(database, shop, lanes, [_made(make, BATCH) for _ in range(count)])

        times, floor_times = each_in_turns(_posts(BATCHES, BATCH, make), inserts(BATCHES))
        costs = _costs(name, template, _posts(COUNTED, BATCH, make))
        costs |= _costs(f"{name}_floor", template, inserts(COUNTED))
    return {
        f"{name}_per_s": BATCH * 1000 / median(times),
        f"{name}_floor_per_s": BATCH * 1000 / median(floor_times),
        f"{name}_vs_floor": median(floor_times) / median(times),
        **costs,
    }


def _costs(name: str, template: RelayTemplate, calls: Sequence[Callable[[], object]]) -> Figures:
    """The processor time of an event in batches, of this process and of PostgreSQL."""
    programs = servers(template.urls)
    spent = microseconds_of(lambda: [call() for call in calls], programs, len(calls) * BATCH)
    return {f"{name}_{who}": spent[who] for who in ("client_us", "postgresql_us") if who in spent}


def singles(template: RelayTemplate) -> Figures:
    """A request of one event with a person (p50), in turns with the floor."""
    with _shop(template) as (database, shop, lanes):
        floor = _inserts(database, shop, lanes, [_made(item, 1) for _ in range(SINGLES)])
        times, floor_times = each_in_turns(_posts(SINGLES, 1, item), floor)
    return {
        "relay_ingest_one_ms": median(times),
        "relay_ingest_one_floor_ms": median(floor_times),
        "relay_ingest_one_vs_floor": median(times) / median(floor_times),
    }


@contextmanager
def _shop(template: RelayTemplate) -> Iterator[tuple[RelayDatabase, int, list[int]]]:
    """A shop with three destinations."""
    with template.copy() as database:
        shop = database.shop(CODE)
        webhook = database.webhook(shop, database.receiver.url("/after/0/ingest"))
        yield database, shop, [webhook, database.meta(shop), database.ga4(shop)]


def _made(make: Make, size: int) -> list[dict[str, Any]]:
    return [make(CODE) for _ in range(size)]


def _posts(count: int, size: int, make: Make) -> list[Callable[[], object]]:
    return [ingesting(_made(make, size)) for _ in range(count)]


def _inserts(
    database: RelayDatabase, shop: int, lanes: Sequence[int], given: Sequence[list[dict[str, Any]]]
) -> list[Callable[[], object]]:
    """The rows that the handler would write for these batches, finished before the clock starts."""
    connection = psycopg2.connect(database.database_url)
    cursor = connection.cursor()
    known, now = {CODE: Storefront(shop, "USD", "US")}, datetime.now(UTC)
    sealing = database.parts.sealing()

    def text(items: list[dict[str, Any]]) -> str:
        read = (read_item(each, known, now) for each in loads(json.dumps(items)))
        return dumps([row_of(each, sealing) for each in read]).decode()

    def insert(rows: str) -> None:
        cursor.execute(RAW["insert_events"], {"items": rows})
        events = [event for (event,) in cursor.fetchall()]
        cursor.execute(RAW["insert_deliveries"], {"events": events, "lanes": list(lanes)})
        connection.commit()

    return [partial(insert, text(items)) for items in given]
