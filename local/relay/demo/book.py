"""What the relay's database says: lanes as they are now, and in the end each delivery."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import psycopg2
from psycopg2.extras import RealDictCursor

_LANES = """
SELECT l.lane_id, l.state, l.reason, count(d.event) AS events,
       count(d.event) FILTER (WHERE d.status <> 'pending') AS ended
FROM relay_lanes l LEFT JOIN event_deliveries d ON d.lane_id = l.lane_id
GROUP BY l.lane_id
"""
_ROWS = "SELECT source_system, status, count(*) AS number FROM marketing_events GROUP BY 1, 2"
_DELIVERIES = """
SELECT d.lane_id, d.status, d.maybe_delivered, e.dedup_id, e.order_id, e.event_type
FROM event_deliveries d JOIN marketing_events e ON e.id = d.event
"""
_NAMES_KEY = """
SELECT FROM platform_credentials WHERE key_id = %(key_id)s
UNION ALL SELECT FROM marketing_events WHERE key_id = %(key_id)s LIMIT 1
"""
_INSERT = """
INSERT INTO marketing_events
    (event_id, storefront_code, event_type, event_payload, source_system, status)
VALUES (%s, %s, %s, %s, 'oms', 'pending')
"""


@dataclass(frozen=True, slots=True)
class LaneNow:
    """A lane while the demo runs."""

    state: str
    reason: str
    events: int
    ended: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event at one destination."""

    status: str
    maybe_delivered: bool
    dedup_id: str
    order_id: str
    event_type: str


@dataclass
class Books:
    """All that the relay says of the demo's events.

    Attributes:
        rows: how many events there are, by who sent them and their status
        deliveries: by lane
    """

    rows: Counter[tuple[str, str]] = field(default_factory=Counter)
    deliveries: dict[int, list[Delivery]] = field(default_factory=dict)


class Book:
    """Reads the relay's database as the functions' own user does."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg2.connect(url, cursor_factory=RealDictCursor)
        self._connection.autocommit = True

    def lanes(self) -> Mapping[int, LaneNow]:
        """All lanes by their number."""
        return {
            row["lane_id"]: LaneNow(row["state"], row["reason"] or "", row["events"], row["ended"])
            for row in self._read(_LANES)
        }

    def names_key(self, key_id: str) -> bool:
        """Whether a row is sealed with that key."""
        with self._connection.cursor() as cursor:
            cursor.execute(_NAMES_KEY, {"key_id": key_id})
            return cursor.fetchone() is not None

    def waiting_rows(self) -> int:
        """Rows of the order system that nobody has looked at."""
        return self._rows()["oms", "pending"]

    def close_books(self) -> Books:
        """Everything, to be compared."""
        books = Books(self._rows())
        for row in self._read(_DELIVERIES):
            lane_id = row.pop("lane_id")
            books.deliveries.setdefault(lane_id, []).append(Delivery(**row))
        return books

    def _rows(self) -> Counter[tuple[str, str]]:
        return Counter(
            {(row["source_system"], row["status"]): row["number"] for row in self._read(_ROWS)}
        )

    def _read(self, sql: str) -> list[dict[str, Any]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return [dict(row) for row in cursor.fetchall()]

    def close(self) -> None:
        self._connection.close()


def insert_rows(url: str, events: Sequence[Mapping[str, Any]]) -> None:
    """Insert events as the order system does, with its user."""
    rows = [
        (
            event["order_id"],
            event["storefront_id"],
            event["event_name"],
            json.dumps({name: event[name] for name in event.keys() - _COLUMNS}),
        )
        for event in events
    ]
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        for row in rows:
            cursor.execute(_INSERT, row)


_COLUMNS = {"order_id", "storefront_id", "event_name"}
