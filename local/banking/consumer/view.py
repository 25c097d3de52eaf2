"""A view (the read side of CQRS): the bank's customers, built from events alone.

Each event has all facts of its customer, so the last one of a customer tells how it is now. The view
keeps that of the highest epoch and sequence, whatever comes when: an event that comes again, late, or
behind its successors changes nothing. A deleted customer stays as a row without facts, so that no older
event brings it back.

The view has a file of its own. It holds nothing that events do not tell, so it may be thrown away: stop
the program, remove the file, and ask for a rewind from the beginning with what was processed. The inbox
recognises those events as repeats; the view is built from them anew. Left to others: what is worked on,
and how often (`processing`).
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Self

from local.banking.consumer.messages import Event

CHANGES = frozenset({"customer_creation", "customer_status_change", "customer_deletion"})
"""The types of events that tell of a customer."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS customers (
    customer_id TEXT PRIMARY KEY, name TEXT, status TEXT,
    is_deleted INTEGER NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID
"""
_SEE = """
INSERT INTO customers (customer_id, name, status, is_deleted, epoch, sequence)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (customer_id) DO UPDATE
SET name = excluded.name, status = excluded.status, is_deleted = excluded.is_deleted,
    epoch = excluded.epoch, sequence = excluded.sequence
WHERE (excluded.epoch, excluded.sequence) >= (epoch, sequence)
"""


def view_beside(store: Path) -> Path:
    """The file of the view that goes with a consumer's store."""
    return store.with_suffix(".view.sqlite3")


class CustomerView:
    """The view in one SQLite file. What `see` has returned from survives a power cut.

    Raises (every method):
        sqlite3.Error: the file cannot be read or written
    """

    def __init__(self, path: Path, busy_seconds: float = 5.0) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None)
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def see(self, event: Event) -> None:
        """Take in what an event tells, if it is not older than what is known of its customer."""
        if event.event_type not in CHANGES:
            return
        is_deleted = event.event_type == "customer_deletion"
        facts = (None, None) if is_deleted else (event.name, event.status)
        self._db.execute(_SEE, (event.customer_id, *facts, is_deleted, *event.position))

    def customers(self) -> dict[str, tuple[str, str]]:
        """The customers that there are, by id: name and status."""
        rows = self._db.execute(
            "SELECT customer_id, name, status FROM customers WHERE NOT is_deleted"
        )
        return {customer_id: (name, status) for customer_id, name, status in rows}
