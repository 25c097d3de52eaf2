"""Taking up what is left in an outbox: claim, publish, write down, in batches, until time is up.

A claim is a row lock: the batch is selected `FOR UPDATE SKIP LOCKED`, published and written down in
one transaction, so two sweeps never publish one event twice and a killed one leaves no lease behind.
Each event is looked at once per run, in creation order. An outage ends the run at once and costs a
try only to what was already on its way.

Statements of a sweep: `count`, `plan` (how `claim` is to be planned, for its transaction), `claim`,
`barriers` (optional), `confirmed`, `failed`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fintegrate.database import Database, Row
from fintegrate.outbox.outbox import Outbox
from fintegrate.outcome import ATTEMPTED, Outcome, Result

BATCH_SECONDS = 4.0
"""How long one batch may wait for the broker; shorter than the lock timeout of who waits for us."""
_BEGINNING = "00000000-0000-0000-0000-000000000000"
_OUTAGE = {Result.UNCONFIRMED, Result.UNSENT}
MAX_FAILURES_LISTED = 1_000


@dataclass
class Summary:
    """What a run did: `total_pending = attempted + skipped`, `attempted = succeeded + failed`."""

    total_pending: int = 0
    attempted: int = 0
    succeeded: int = 0
    failed: int = 0
    failed_events: list[Row] = field(default_factory=list)

    @property
    def skipped(self) -> int:
        """Not attempted: held back, in other hands, beyond the time, or an outage."""
        return self.total_pending - self.attempted

    def add(self, rows: Sequence[Row], outcomes: Sequence[Outcome], try_column: str) -> None:
        """Count a batch."""
        for row, outcome in zip(rows, outcomes, strict=True):
            if outcome.result not in ATTEMPTED:
                continue
            self.attempted += 1
            if outcome.result is Result.CONFIRMED:
                self.succeeded += 1
                continue
            self.failed += 1
            if len(self.failed_events) < MAX_FAILURES_LISTED:
                self.failed_events.append(
                    {
                        "event_id": row["event_id"],
                        "event_type": row["event_type"],
                        "try_count": row[try_column],
                        "failure_reason": outcome.reason,
                    }
                )
        self.total_pending = max(self.total_pending, self.attempted)

    def counts(self) -> dict[str, Any]:
        """The numbers alone."""
        names = ("total_pending", "attempted", "succeeded", "failed", "skipped")
        return {name: getattr(self, name) for name in names}

    def as_answer(self) -> dict[str, Any]:
        """The `data` of an answer."""
        return {"summary": self.counts(), "failed_events": self.failed_events}


@dataclass(frozen=True, slots=True)
class Sweep:
    """One kind of sweep over one outbox; `database` must be in no transaction.

    `try_column` names the column that counts the tries of this kind.
    """

    database: Database
    outbox: Outbox
    statements: Mapping[str, str]
    try_column: str
    batch: int = 2_000

    def count(self, filters: Mapping[str, Any]) -> int:
        """How many events there are to take up."""
        row = self.database.fetch_one(self.statements["count"], filters, revive=True)
        return int(row["count"]) if row else 0

    def run(self, filters: Mapping[str, Any], seconds: float) -> Summary:
        """Take up what matches, oldest first, for at most `seconds` (and one batch)."""
        deadline = time.monotonic() + seconds
        summary = Summary(total_pending=self.count(filters))
        position: tuple[datetime | str, str] = ("-infinity", _BEGINNING)
        while summary.total_pending and time.monotonic() < deadline:
            with self.database.transaction():
                rows = self._claim(filters, position)
                clear = self._without_held_back(rows)
                outcomes = self.outbox.send(clear, BATCH_SECONDS)
                self._write_down(filters, clear, outcomes)
            summary.add(clear, outcomes, self.try_column)
            if len(rows) < self.batch or any(o.result in _OUTAGE for o in outcomes):
                break
            position = (rows[-1]["created_at"], rows[-1]["event_id"])
        return summary

    def _claim(self, filters: Mapping[str, Any], position: tuple[datetime | str, str]) -> list[Row]:
        after_at, after_id = position
        self.database.execute(self.statements["plan"], {})
        return self.database.fetch_all(
            self.statements["claim"],
            {**filters, "after_at": after_at, "after_id": after_id, "batch": self.batch},
        )

    def _without_held_back(self, rows: list[Row]) -> list[Row]:
        """Leave out what waits behind an event that is not in this batch.

        A second statement on purpose: its snapshot is later than the claim's locks, so it sees what
        others hold or have committed since.
        """
        if not rows or "barriers" not in self.statements:
            return rows
        last_sequences: dict[str, int] = {}
        for row in rows:
            sequence = max(row["sequence"], last_sequences.get(row["customer_id"], 0))
            last_sequences[row["customer_id"]] = sequence
        before = {
            "event_ids": [row["event_id"] for row in rows],
            "customer_ids": list(last_sequences),
            "last_sequences": list(last_sequences.values()),
        }
        barriers = {
            row["customer_id"]: row["sequence"]
            for row in self.database.fetch_all(self.statements["barriers"], before)
        }
        unbounded = float("inf")
        return [r for r in rows if r["sequence"] < barriers.get(r["customer_id"], unbounded)]

    def _write_down(
        self, filters: Mapping[str, Any], rows: Sequence[Row], outcomes: Sequence[Outcome]
    ) -> None:
        confirmed = [
            row["event_id"]
            for row, outcome in zip(rows, outcomes, strict=True)
            if outcome.result is Result.CONFIRMED
        ]
        failed = [
            (row["event_id"], outcome.reason)
            for row, outcome in zip(rows, outcomes, strict=True)
            if outcome.result in ATTEMPTED and outcome.result is not Result.CONFIRMED
        ]
        if confirmed:
            self.database.execute(self.statements["confirmed"], {"event_ids": confirmed})
        if failed:
            self.database.execute(
                self.statements["failed"],
                {
                    **filters,
                    "event_ids": [event_id for event_id, _ in failed],
                    "reasons": [reason for _, reason in failed],
                },
            )
