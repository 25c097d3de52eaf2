"""Measures the consumer's confirmations: the handler against one bare statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice

import psycopg2

from local.banking.bench.api import prepared
from local.banking.bench.backlog import execute, write_pending
from local.banking.bench.databases import BenchDatabase, BenchTemplate
from local.banking.bench.floor import RAW
from local.banking.client import Tenant
from local.bench.figures import Figures
from local.bench.timing import TURN, in_turns, median

TURNS = 40
PUBLISHED = "UPDATE customer_events SET publish_status = 'published', published_at = now()"
EVENTS = "SELECT event_id FROM customer_events WHERE consumer_id = %(consumer_id)s"


def confirm(template: BenchTemplate) -> Figures:
    """Confirmations per second in one process, one after the other.

    The floor does the same work with the bare driver: one statement writes the receipt and the event.
    The receipt alone is measured, too.
    """
    with template.copy() as database:
        tenant = database.tenants[0]
        event_ids = _published(database, tenant, 3 * TURN * (TURNS + 1))
        said = {"status": "processed", "received_at": None, "failure_reason": None}
        values = (
            {"event_id": event_id, "consumer_id": tenant.consumer_id, **said}
            for event_id in event_ids
        )
        ours, floor, receipt = in_turns(
            TURNS,
            _confirming(tenant, event_ids),
            _raw(database, RAW["confirm"], values),
            _raw(database, RAW["receipt"], values),
        )
    return {
        "confirm_per_s": 1000 / median(ours),
        "confirm_raw_per_s": 1000 / median(floor),
        "confirm_vs_raw": median(floor) / median(ours),
        "confirm_receipt_alone_per_s": 1000 / median(receipt),
    }


def _published(database: BenchDatabase, tenant: Tenant, count: int) -> Iterator[str]:
    write_pending(database.database_url, [tenant], count)
    execute(database.database_url, PUBLISHED)
    rows = database.parts.sweep_database.fetch_all(EVENTS, {"consumer_id": tenant.consumer_id})
    return iter([row["event_id"] for row in rows])


def _confirming(tenant: Tenant, event_ids: Iterator[str]) -> Callable[[], None]:
    path = "/events/confirm-delivery"
    requests = [
        prepared(tenant.key, "POST", path, {"event_id": event_id, "status": "processed"})
        for event_id in islice(event_ids, TURN * (TURNS + 1))
    ]
    left = iter(requests)

    def action() -> None:
        next(left)()

    return action


def _raw(
    database: BenchDatabase, statement: str, values: Iterator[Mapping[str, object]]
) -> Callable[[], None]:
    connection = psycopg2.connect(database.database_url)
    connection.autocommit = True
    cursor = connection.cursor()

    def action() -> None:
        cursor.execute(statement, next(values))

    return action
