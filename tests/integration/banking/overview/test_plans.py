"""No statement of the overview reads all events, receipts or minutes, whatever is asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.banking.overview import history, integration, minutes, waiting
from chalicelib.banking.wiring import Parts
from fintegrate.console.flows import EVERYTHING
from fintegrate.console.lag import BUCKETS

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
LARGE = {"customer_events", "consumer_event_receipts", "dead_letters", "stream_minutes"}
WANTED: dict[str, Any] = {
    "at": AT,
    "begin_at": AT - timedelta(minutes=10),
    "end_at": AT,
    "recent": AT,
    "now": AT,
    "everything": EVERYTHING,
    "days": 8,
    "hour_days": 400,
    "most": 20_000,
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
    "streams": history.SQL["streams"],
    "last_words": integration.SQL["last_words"],
}


@pytest.mark.parametrize("of_one", [True, False])
@pytest.mark.parametrize("with_lag", [True, False])
@pytest.mark.parametrize("name", STATEMENTS)
def test_large_tables_are_read_by_index(
    name: str, of_one: bool, with_lag: bool, parts: Parts
) -> None:
    consumer_id = str(uuid4()) if of_one or name in ("minutes", "last_words") else None
    wanted = {**WANTED, "consumer_id": consumer_id, "with_lag": with_lag}
    database = parts.request.database
    with database.transaction():
        database.execute("SET LOCAL enable_seqscan = off", {})
        explained = f"EXPLAIN (FORMAT JSON) {STATEMENTS[name]}"
        (plan,) = database.fetch_all(explained, wanted)

    assert LARGE & set(whole(plan["QUERY PLAN"][0]["Plan"])) == set()


def whole(node: dict[str, Any]) -> Iterator[str]:
    """The tables that a plan reads from one end to the other."""
    if node["Node Type"] == "Seq Scan":
        yield node["Relation Name"]
    for inner in node.get("Plans", []):
        yield from whole(inner)
