"""No statement of the overview reads all events, receipts or minutes, whatever is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.banking.overview import history, integration, live, minutes, waiting
from chalicelib.banking.wiring import Parts
from fintegrate.console.flows import EVERYTHING
from fintegrate.console.lag import BUCKETS
from tests.support.banking import Bank
from tests.support.fixtures import Query
from tests.support.plans import rows_read

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
LARGE = {"customer_events", "consumer_event_receipts", "dead_letters", "stream_minutes"}
WANTED: dict[str, Any] = {
    "at": AT,
    "begin_at": AT - timedelta(minutes=10),
    "end_at": AT,
    "stretch": timedelta(minutes=1),
    "now": AT,
    "everything": EVERYTHING,
    "days": 8,
    "hour_days": 400,
    "most": 20_000,
    "most_there": 20_000,
    "bounds": list(BUCKETS[:-1]),
    "rows": "[]",
}
STATEMENTS = {
    "count": minutes.SQL["count"],
    "range": minutes.SQL["range"],
    "keep": minutes.SQL["keep"],
    "read": waiting.SQL["read"],
    "nobodys": waiting.SQL["nobodys"],
    "newest": history.SQL["newest"],
    "minutes": history.SQL["minutes"],
    "points_of_minutes": history.SQL["points_of_minutes"],
    "streams": history.SQL["streams"],
    "last_words": integration.SQL["last_words"],
}
OF_ONE = {"minutes", "points_of_minutes", "last_words"}
MANY = 3_000
RECEIPTS = """
INSERT INTO consumer_event_receipts (consumer_id, event_id, customer_id, event_type, processing_status)
SELECT %(consumer_id)s, gen_random_uuid(), gen_random_uuid(), 'customer_creation', 'processed'
FROM generate_series(1, %(number)s);
ANALYZE consumer_event_receipts
"""


@pytest.mark.parametrize("of_one", [True, False])
@pytest.mark.parametrize("with_lag", [True, False])
@pytest.mark.parametrize("name", STATEMENTS)
def test_large_tables_are_read_by_index(
    name: str, of_one: bool, with_lag: bool, parts: Parts
) -> None:
    consumer_id = str(uuid4()) if of_one or name in OF_ONE else None
    wanted = {**WANTED, "consumer_id": consumer_id, "with_lag": with_lag}
    database = parts.request.database
    with database.transaction():
        database.execute("SET LOCAL enable_seqscan = off", {})
        explained = f"EXPLAIN (FORMAT JSON) {STATEMENTS[name]}"
        (plan,) = database.fetch_all(explained, wanted)

    assert LARGE & set(whole(plan["QUERY PLAN"][0]["Plan"])) == set()


def test_bank_without_receipts_reads_none(
    make_bank: Callable[[], Bank], query: Query, parts: Parts
) -> None:
    silent, talking = make_bank(), make_bank()
    query(RECEIPTS, consumer_id=talking.consumer_id, number=MANY)

    for consumer_id in (None, silent.consumer_id):
        with rows_read({"read"}) as read:
            waiting.read(parts.request.database, consumer_id)
        assert read["read"] < MANY // 10


def test_nothing_is_compiled(make_bank: Callable[[], Bank], parts: Parts) -> None:
    """A plan that the server takes for a dear one would be compiled, which takes a second."""
    database, bank = parts.request.database, make_bank()
    database.execute("SET jit_above_cost = 0", {})

    with rows_read({"streams", "read", "count"}) as read:
        newest = history.read_newest(database)
        history.read(database, bank.consumer_id, newest)
        waiting.read(database, bank.consumer_id)
        live.read(database, bank.consumer_id, newest["counted_until"], datetime.now(UTC))

    assert read.keys() == {"streams", "read", "count"}


def whole(node: dict[str, Any]) -> Iterator[str]:
    """The tables that a plan reads from one end to the other."""
    if node["Node Type"] == "Seq Scan":
        yield node["Relation Name"]
    for inner in node.get("Plans", []):
        yield from whole(inner)
