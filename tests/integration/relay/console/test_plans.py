"""What the console reads of large tables: by indexes, and no more than its bounds."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.relay.console import (
    failures,
    life,
    listing,
    minutes,
    overview,
    search_events,
    waiting,
)
from chalicelib.relay.console.lanes import STATES
from chalicelib.relay.console.list_models import EventListing
from fintegrate.console.servers import SystemState
from fintegrate.database import Database
from tests.support.plans import read_sequentially, rows_read

Query = Callable[..., list[dict[str, Any]]]
LARGE = {"event_deliveries", "marketing_events", "event_attempts"}
MANY = 10_000
LOOKED_AT = 200
WHOLE = 300
OF_LIST = {"page", "pending", "ended", "failed", "deliveries", "named", "span", "window"}
LANES = 9
EACH = 3
"""What is read for each delivery that is looked at: its number in an index, itself, its event."""
WRITE = """
INSERT INTO storefronts (storefront_id, name) SELECT 'shop' || n, 'Shop' FROM generate_series(1, 3) n;
INSERT INTO relay_lanes (storefront_id, destination_type, destination_id, adapter, state, reason,
                         requests_per_minute, concurrency, throttle_account)
SELECT s.id, 'credential', s.id * 10 + n, 'webhook', CASE WHEN n = 2 THEN 'blocked' ELSE 'open' END,
       CASE WHEN n = 2 THEN 'HTTP 401' END, 600, 4, 'account'
FROM storefronts s, generate_series(1, 3) n;
INSERT INTO marketing_events (event_id, identity, storefront_id, event_type, event_time, dedup_id,
                              status, created_at, accepted_at)
SELECT n, n, (SELECT min(id) FROM storefronts) + CASE WHEN n %% 100 = 1 THEN 2 ELSE n %% 2 END, 'paid',
       at, n, 'accepted', at, at
FROM generate_series(1, %(many)s) n,
     LATERAL (SELECT now() - (%(many)s - n) * interval '1 second' AS at) moment;
INSERT INTO event_deliveries (event, lane_id, status, reason, ended_at, delivered_at)
SELECT e.id, l.lane_id, became, CASE WHEN became <> 'delivered' THEN became END,
       CASE WHEN became <> 'pending' THEN e.created_at END,
       CASE WHEN became = 'delivered' THEN e.created_at END
FROM marketing_events e
JOIN relay_lanes l ON l.storefront_id = e.storefront_id,
LATERAL (SELECT CASE WHEN l.destination_id %% 10 = 3 THEN 'skipped'
                     WHEN e.id %% 97 = 5 THEN 'pending'
                     WHEN e.id %% 89 = 7 THEN 'failed'
                     WHEN e.id %% 499 = 9 THEN 'expired'
                     ELSE 'delivered' END AS became) made;
INSERT INTO event_attempts (event, lane_id, destination_type, status, duration_ms, batch_size)
SELECT event, lane_id, 'credential', 'delivered', 1, 1 FROM event_deliveries WHERE status = 'delivered'
"""
FILTERS: list[dict[str, str]] = [
    *({"states": state} for state in STATES),
    *({"states": "failed,skipped"}, {"states": "waiting,failed"}, {"stream": "2"}, {"stream": "8"}),
    *(
        {"event_types": "nothing"},
        {"event_types": "paid"},
        {"reason": "nothing"},
        {"reason": "HTTP"},
    ),
    *({"event": "777"}, {"event": "nobody's"}, {"from": "2020-01-01T00:00:00Z"}),
    *({"to": "2020-01-02T00:00:00Z"}, {"order": "oldest"}),
]
NONE: list[dict[str, str]] = [
    *({"stream": "999"}, {"event": "nobody's"}, {"to": "2020-01-01T00:00:00Z"}),
    {"from": "2100-01-01T00:00:00Z"},
]


@pytest.fixture
def large(database: Database, query: Query, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Many events of three shops, of which one has few; small bounds."""
    query(WRITE, many=MANY)
    query("ANALYZE")
    bounds = {"LOOKED_AT": LOOKED_AT, "COUNTED": LOOKED_AT, "READ_WHOLE": WHOLE}
    for name, bound in {**bounds, "ENDED_WHOLE": WHOLE, "WINDOW": 2 * LOOKED_AT}.items():
        monkeypatch.setattr(listing, name, bound)
    monkeypatch.setattr(waiting, "MOST", WHOLE)
    monkeypatch.setattr(failures, "MOST", LOOKED_AT)
    yield database
    for kept in (waiting.WHOLE, minutes.COUNTINGS, minutes.LAGS, overview.LEDGERS):
        kept.clear()


def page(database: Database, filters: dict[str, str]) -> dict[str, Any]:
    asked = EventListing.model_validate_strings({"limit": "20", **filters})
    return listing.page_of(database, asked)


def test_no_filter_reads_everything(large: Database) -> None:
    """Alone and in pairs."""
    pairs = [{**one, **other} for one, other in itertools.combinations(FILTERS, 2)]
    for filters in [{}, *FILTERS, *NONE, *pairs[::6]]:
        with rows_read(OF_LIST) as read, read_sequentially(OF_LIST) as sequential:
            page(large, filters)
        assert not sequential & LARGE, (filters, read)
        assert read.get("page", 0) <= EACH * (LOOKED_AT + 21) + 2 * WHOLE, (filters, read)
        others = [size for name, size in read.items() if name != "page"]
        assert max(others, default=0) <= LANES * (WHOLE + 1), (filters, read)


def test_absence_costs_nothing(large: Database) -> None:
    for filters in NONE:
        with rows_read({"page"}) as read:
            found = page(large, filters)

        assert (found["events"], found["truncated"]) == ([], False), filters
        assert read.get("page", 0) <= LANES, (filters, read)


def test_first_screen_reads_what_it_shows(large: Database) -> None:
    """What waits and what failed, and of the past each minute once."""
    system = SystemState([], "closed", [], {})
    names = {"read", "intake", "count", "lags"}
    with rows_read(names) as first, read_sequentially(names) as sequential:
        overview.read_overview(large, system, None)
    minutes.LAGS.clear()
    with rows_read(names) as again:
        overview.read_overview(large, system, None)

    assert not sequential & LARGE
    assert first["read"] <= MANY / 10, "a tenth of the deliveries waits or has failed"
    assert first["lags"] <= LANES * 2 * minutes.SAMPLE
    assert again["count"] <= first["count"] / 10


def test_other_views_read_little(large: Database, query: Query) -> None:
    (one,) = query("SELECT event, lane_id FROM event_deliveries WHERE status = 'failed' LIMIT 1")
    names = {"group", "attempts", "siblings", "search"}
    with rows_read(names) as read, read_sequentially(names) as sequential:
        failures.group_failures(large, None, None)
        life.read_event(large, f"{one['event']}-{one['lane_id']}", payload=False)
        for text, number in (("777", 777), ("nobody's", None)):
            asked = {"text": text, "number": number, "lane": None, "most": 20}
            large.fetch_all(search_events.SQL["search"], asked)

    assert not sequential & LARGE
    assert read["group"] <= EACH * LOOKED_AT
    assert max(read["attempts"], read["siblings"], read["search"]) <= 20
