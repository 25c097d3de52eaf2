"""The store of the console's measurements, in small: its shares, and the schema that it leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest

from local.banking.bench.console.store import SQL, write_past
from local.bench.bulk_load import Cursor
from tests.support.fixtures import Query

CUSTOMERS = 1_000
END = datetime(2026, 3, 1, tzinfo=UTC)
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"


@pytest.fixture
def cursor(database_url: str) -> Iterator[Cursor]:
    connection = psycopg2.connect(database_url)
    connection.autocommit = True
    with connection.cursor() as made:
        yield made
    connection.close()


def test_small_store_has_the_shares(cursor: Cursor, query: Query) -> None:
    before = query(INDEXES)

    write_past(cursor, CUSTOMERS, END)

    (counts,) = query(SQL["counts"])
    per_million = CUSTOMERS / 1_000_000
    assert counts["pending"] == 10_000 * per_million
    assert counts["publish_failed"] == counts["delivery_failed"] == 5_000 * per_million
    assert counts["received"] == 50_000 * per_million
    assert counts["audit_rows"] == 1_000_000 * per_million
    (told,) = query(
        "SELECT count(*) AS events, min(created_at), max(created_at) FROM customer_events"
        " WHERE event_type <> 'consumer_created'"
    )
    assert (told["events"], told["min"]) == (5 * CUSTOMERS, END - timedelta(days=30))
    assert END - timedelta(minutes=10) < told["max"] < END  # type: ignore[operator]
    assert query(INDEXES) == before
    missing = query(
        "SELECT FROM customer_events e WHERE e.deliver_status = 'delivered' AND NOT EXISTS"
        " (SELECT FROM consumer_event_receipts r"
        "  WHERE r.consumer_id = e.consumer_id AND r.event_id = e.event_id)"
    )
    assert missing == []
