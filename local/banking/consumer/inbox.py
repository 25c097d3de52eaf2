"""The bank's own store: which events were applied, how far each customer is, and the work itself.

The work of this bank is a local copy of its customers. It commits in **one** transaction with
the event's id and the customer's sequence, and always before the confirmation, so that dying
anywhere leads at most to a repeat that is recognised.

Left to others: confirming (`confirmations`), waiting for a gap (`ordering`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Self

from local.banking.consumer.messages import Event, Position

_SCHEMA = """
CREATE TABLE IF NOT EXISTS customers (
    customer_id TEXT PRIMARY KEY, name TEXT, status TEXT, updated_at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS customer_sequences (
    customer_id TEXT PRIMARY KEY, last_sequence INTEGER NOT NULL,
    epoch INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE IF NOT EXISTS seen_events (
    event_id TEXT PRIMARY KEY, event_type TEXT NOT NULL, customer_id TEXT NOT NULL,
    sequence INTEGER NOT NULL, created_at TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('processed', 'failed')), reason TEXT,
    applied_at TEXT NOT NULL, confirmed_at TEXT, repeats INTEGER NOT NULL DEFAULT 0,
    epoch INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE IF NOT EXISTS tries (
    event_id TEXT PRIMARY KEY, begun INTEGER NOT NULL
) STRICT;
"""


class Verdict(Enum):
    """What the store says about an event that has just arrived."""

    NEXT = "next"  # the one that is due
    REPEAT = "repeat"  # applied before, in this epoch or a later one
    SUPERSEDED = "superseded"  # never applied, and a later one of this customer was
    FUTURE = "future"  # an earlier one of this customer is still missing


class Inbox:
    """One SQLite file. Every method is its own transaction.

    Raises (every method):
        sqlite3.Error: the file cannot be read or written
    """

    def __init__(self, path: Path, busy_seconds: float = 5.0) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")  # what is confirmed must survive a power cut
        self._db.executescript(_SCHEMA)
        for table in ("customer_sequences", "seen_events"):
            self._add_epoch(table)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def judge(self, event: Event) -> Verdict:
        """Say what is to be done with `event`; changes nothing."""
        if self._is_processed(event):
            return Verdict.REPEAT
        last = self.last_position(event.customer_id) or Position(event.epoch, 0)
        if event.position.is_early(last):
            return Verdict.FUTURE
        # Equal and not applied: it failed here, nothing later followed, and it was sent again.
        return Verdict.NEXT if event.position >= last else Verdict.SUPERSEDED

    def last_position(self, customer_id: str) -> Position | None:
        """The position of the last event of this customer that was dealt with."""
        row = self._db.execute(
            "SELECT epoch, last_sequence FROM customer_sequences WHERE customer_id = ?",
            (customer_id,),
        ).fetchone()
        return Position(*row) if row else None

    def customers_before(self, epoch: int) -> list[str]:
        """The customers that had no event in this epoch or a later one.

        After a rewind from the beginning these are customers that the platform has lost.
        """
        rows = self._db.execute(
            "SELECT customer_id FROM customers JOIN customer_sequences USING (customer_id)"
            " WHERE epoch < ? ORDER BY customer_id",
            (epoch,),
        )
        return [str(customer_id) for (customer_id,) in rows]

    def begin(self, event: Event) -> int:
        """Count one more try of `event`, and return how many there were with this one.

        Committed before the work starts, so that a message which kills the process is counted.
        """
        row = self._db.execute(
            "INSERT INTO tries (event_id, begun) VALUES (?, 1)"
            " ON CONFLICT (event_id) DO UPDATE SET begun = begun + 1 RETURNING begun",
            (event.event_id,),
        ).fetchall()[0]
        return int(row[0])

    def release(self, event: Event) -> None:
        """Take one try back: it ended for a reason that is not this message's."""
        self._db.execute("UPDATE tries SET begun = begun - 1 WHERE event_id = ?", (event.event_id,))

    def forget_tries(self, event_id: str) -> None:
        """The message left the queue for the dead letters: should it return, it starts anew."""
        self._db.execute("DELETE FROM tries WHERE event_id = ?", (event_id,))

    def apply(self, event: Event) -> None:
        """Do the bank's work for `event` and remember that it is done."""
        with self._transaction():
            self._work(event)
            self._remember(event, "processed", None)
            self._advance(event)

    def record_failure(self, event: Event, reason: str) -> None:
        """Remember that `event` was given up without its work, so that others may follow."""
        with self._transaction():
            self._remember(event, "failed", reason)
            self._advance(event)

    def count_repeat(self, event: Event) -> None:
        """One more delivery of an event that was applied before."""
        self._db.execute(
            "UPDATE seen_events SET repeats = repeats + 1 WHERE event_id = ?", (event.event_id,)
        )

    def confirmed(self, event: Event) -> None:
        """The API took the confirmation: this event needs nothing more."""
        with self._transaction():
            self._db.execute(
                "UPDATE seen_events SET confirmed_at = ? WHERE event_id = ?",
                (_now(), event.event_id),
            )
            self.forget_tries(event.event_id)

    def _is_processed(self, event: Event) -> bool:
        """Whether it needs nothing more. What was applied in an older epoch is applied again.

        Between the two lies what the platform has lost, and what this event puts right.
        """
        row = self._db.execute(
            "SELECT 1 FROM seen_events WHERE event_id = ? AND outcome = 'processed' AND epoch >= ?",
            (event.event_id, event.epoch),
        ).fetchone()
        return row is not None

    def _add_epoch(self, table: str) -> None:
        """Bring a file of before there were epochs to this form."""
        columns = self._db.execute(f"PRAGMA table_info({table})").fetchall()
        if "epoch" not in [name for _, name, *_ in columns]:
            self._db.execute(f"ALTER TABLE {table} ADD COLUMN epoch INTEGER NOT NULL DEFAULT 1")

    def _work(self, event: Event) -> None:
        if event.event_type == "customer_deletion":
            self._db.execute("DELETE FROM customers WHERE customer_id = ?", (event.customer_id,))
            return
        self._db.execute(
            "INSERT INTO customers (customer_id, name, status, updated_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (customer_id) DO UPDATE SET name = coalesce(excluded.name, name),"
            " status = coalesce(excluded.status, status), updated_at = excluded.updated_at",
            (event.customer_id, event.name, event.status, _now()),
        )

    def _remember(self, event: Event, outcome: str, reason: str | None) -> None:
        self._db.execute(
            "INSERT INTO seen_events (event_id, event_type, customer_id, sequence, created_at,"
            " outcome, reason, applied_at, epoch) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (event_id) DO UPDATE SET outcome = excluded.outcome, epoch = excluded.epoch,"
            " reason = excluded.reason, applied_at = excluded.applied_at, confirmed_at = NULL",
            (
                event.event_id,
                event.event_type,
                event.customer_id,
                event.sequence,
                event.created_at.isoformat(),
                outcome,
                reason,
                _now(),
                event.epoch,
            ),
        )

    def _advance(self, event: Event) -> None:
        self._db.execute(
            "INSERT INTO customer_sequences (customer_id, epoch, last_sequence) VALUES (?, ?, ?)"
            " ON CONFLICT (customer_id)"
            " DO UPDATE SET epoch = excluded.epoch, last_sequence = excluded.last_sequence"
            " WHERE (excluded.epoch, excluded.last_sequence) > (epoch, last_sequence)",
            (event.customer_id, *event.position),
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")  # the write lock at once, or wait for it
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


def _now() -> str:
    return datetime.now(UTC).isoformat()
