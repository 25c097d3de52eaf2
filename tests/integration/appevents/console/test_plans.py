"""What the console reads of large tables: never a whole one, nor more rows than its bounds."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from chalicelib.appevents import wiring
from chalicelib.appevents.console import failures, history, life, listing, uploads_waiting, waiting
from chalicelib.appevents.console.models import EventListing
from tests.integration.appevents.console.written import Query
from tests.support.plans import read_sequentially, rows_read

Look = Callable[..., Any]
MANY = 12_000
LOOKED_AT = 300
FEW = 100
FEW_BLOCKS = 30
"""Less than an index of all events has: a scan of a whole index visits no rows."""
EACH = 2
"""What is read for each event that is looked at: the event, and its dead letter."""
LARGE = {"events", "dead_letters", "videos", "idempotency_keys"}
EVENTS = """
INSERT INTO events (user_id, client_generated_id, event_type, sequence, content_hash, told_at,
                    effective_at, received_at, request_id, publish_status, published_at, outcome_status,
                    outcome_event_type, outcome_at, outcome_code)
SELECT md5(n / 40 || 'u')::uuid, md5(n || 'e')::uuid,
       CASE n %% 4 WHEN 0 THEN 'dm.message.sent' ELSE 'machine.note.saved' END, n, '', at, at, at, 'r',
       CASE WHEN n %% 200 = 7 THEN 'pending' ELSE 'published' END, at, status,
       CASE WHEN status IS NOT NULL THEN 'event.rejected' END, CASE WHEN status IS NOT NULL THEN at END,
       CASE WHEN status = 'rejected' THEN 'gave_up' END
FROM generate_series(1, %(number)s) n,
     LATERAL (SELECT now() - (%(number)s - n) * interval '0.2 seconds' AS at,
                     CASE WHEN n %% 100 = 7 THEN NULL WHEN n %% 50 = 9 THEN 'rejected'
                          ELSE 'processed' END AS status) made
"""
LETTERS = """
INSERT INTO dead_letters (service, user_id, client_generated_id, event_type, error_code, error, attempt,
                          headers, failed_at, taken_at, redriven_at, fingerprint)
SELECT 'machine', user_id, client_generated_id, event_type, 'gave_up', '', 5, '{}', at, at,
       CASE WHEN n %% 20 > 0 THEN at END, n
FROM (SELECT row_number() OVER (ORDER BY id) AS n, e.*, received_at AS at FROM events e) e
"""
KEYS = """
INSERT INTO idempotency_keys (user_id, client_generated_id, event_type, outcome, processed_at)
SELECT user_id, client_generated_id, 'machine.note.persisted', 'processed', received_at FROM events
"""
VIDEOS = """
INSERT INTO videos (video_id, user_id, filename, content_type, size_bytes, status, etag, failure_code,
                    created_at, expires_at, uploaded_at, settled_at)
SELECT md5(n || 'v')::uuid, md5(n / 40 || 'u')::uuid, 'f', 'video/mp4', 1, status, 'e',
       CASE status WHEN 'failed' THEN 'damaged' END, at, at, at,
       CASE WHEN status IN ('processed', 'failed') THEN at END
FROM generate_series(1, %(number)s) n,
     LATERAL (SELECT now() - (%(number)s - n) * interval '0.2 seconds' AS at,
                     CASE n %% 100 WHEN 7 THEN 'uploaded' WHEN 8 THEN 'failed'
                          WHEN 9 THEN 'awaiting_upload' ELSE 'processed' END AS status) made
"""
FILTERS: list[dict[str, str]] = [
    *({"states": state} for state in ("waiting", "in_queue", "rejected", "dead_lettered")),
    *({"states": state} for state in ("processed", "presigned", "uploaded", "failed", "expired")),
    {"states": "in_queue,dead_lettered,failed"},
    {"stream": "machine"},
    {"stream": "program"},
    {"event_types": "dm.message.sent,upload"},
    {"reason": "gave_up"},
    {"reason": "something else"},
    {"event": str(uuid.uuid4())},
    {"order": "oldest"},
]
OF_OVERVIEW = {"unsettled", "rejected", "letters", "committed", "settled", "lag"}
OF_FAILURES = {"rejected", "letters", "failures"}
OF_ONE = {"event", "events", "letters", "acted", "one", "letter", "is_user"}
OF_UPLOADS = {"under_way", "failed", "processed", "lag"}


@pytest.fixture
def large(
    running: wiring.Parts, query: Query, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """Tables with many rows; what it gives has the server count them."""
    monkeypatch.setattr(listing, "LOOKED_AT", LOOKED_AT)
    for module in (failures, history, waiting):
        monkeypatch.setattr(module, "MOST", LOOKED_AT)
    monkeypatch.setattr(history, "MOST_LAGS", LOOKED_AT)
    monkeypatch.setattr(waiting, "MOST_REJECTED", LOOKED_AT)
    monkeypatch.setattr(uploads_waiting, "MOST", LOOKED_AT)
    monkeypatch.setattr(uploads_waiting, "MOST_MADE", LOOKED_AT)
    query("notify", EVENTS, number=MANY)
    query("notify", LETTERS)
    query("notify", KEYS)
    query("video", VIDEOS, number=MANY)

    def analyse() -> None:
        query("notify", "ANALYZE events, dead_letters, idempotency_keys")
        query("video", "ANALYZE videos")

    return analyse


def test_lists_are_bounded(large: Callable[[], None], running: wiring.Parts) -> None:
    """Alone and in pairs, also of what does not exist; before and after the server has counted."""
    pairs = [
        {**one, **other}
        for one, other in itertools.combinations(FILTERS, 2)
        if one.keys().isdisjoint(other)
    ][::2]
    for filters in ({}, *FILTERS):
        check_list(running, filters)
    large()
    for filters in ({}, *FILTERS, *pairs):
        check_list(running, filters)


def check_list(running: wiring.Parts, filters: dict[str, str]) -> None:
    asked = EventListing.model_validate_strings({"limit": "20", **filters})
    notify, video = (running.service(each).request.database for each in ("notification", "video"))
    with rows_read({"page", "total"}) as read, read_sequentially({"page", "total"}) as sequential:
        listing.page_of(notify, lambda: video, asked)
    assert not sequential & LARGE, (filters, sequential)
    most = max(read.values(), default=0)
    assert most <= EACH * 2 * (LOOKED_AT + 21) + FEW, (filters, read)


def test_other_reads_are_bounded(
    look: Look, large: Callable[[], None], running: wiring.Parts
) -> None:
    """The overview, failures, one event, and what an id may be."""
    look("/overview")
    large()
    events = look("/events/list", limit=3, order="oldest")["events"]

    assert most_read(OF_OVERVIEW | OF_UPLOADS, lambda: look("/overview")) <= EACH * LOOKED_AT + FEW
    assert most_read(OF_FAILURES, lambda: look("/events/failures")) <= 3 * LOOKED_AT + FEW
    assert most_read({"rejected"}, lambda: look("/events/failures", stream="dm")) < FEW
    wanted = {"id": str(uuid.uuid4()), "user_id": None, "payload": False}
    assert blocks_read(running, life.SQL["event"], wanted) < FEW_BLOCKS
    for event_id in (each["event_id"] for each in events):
        assert most_read(OF_ONE, partial(look, "/events/data", event_id=event_id)) < FEW
        assert most_read(OF_ONE, partial(look, "/events/search", q=event_id)) < FEW


def most_read(names: set[str], ask: Callable[[], object]) -> int:
    """The most rows that one of these statements visits, none of which reads a whole table."""
    with rows_read(names) as read, read_sequentially(names) as sequential:
        ask()
    assert sequential & LARGE == set()
    return max(read.values())


def blocks_read(running: wiring.Parts, sql: str, wanted: dict[str, Any]) -> int:
    """How many blocks of tables and indexes a statement reads."""
    explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}"
    db = running.service("notification").request.database
    (plan,) = db.fetch_all(explain, wanted)
    top = plan["QUERY PLAN"][0]["Plan"]
    return int(top["Shared Hit Blocks"] + top["Shared Read Blocks"])
