"""A sweep: claim, send and write back an outbox's pending rows in batches, until time is up.

A claim is a row lock. One transaction selects a batch `FOR UPDATE SKIP LOCKED`, sends it and writes the
outcomes. So two sweeps never send the same row, and a killed sweep leaves no claim behind. This suits
receivers that answer within seconds; for others see `fintegrate.outbox.leases`.
A run visits each row once, in the table's order. An outage ends the run at once, and only the rows that
were already sent count a try.

Statements of a sweep: `count`, `claim`, `confirmed`, `failed`. Optional are `plan` (planner settings for
the transaction of `claim`) and `barriers` (where rows of a key must keep their order).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fintegrate.database import Database, Row
from fintegrate.outbox.barriers import before_barriers
from fintegrate.outbox.sender import Sender
from fintegrate.outbox.summary import Summary
from fintegrate.outbox.table import OutboxTable
from fintegrate.outcome import ATTEMPTED, Outcome, Result

BATCH_SECONDS = 4.0
"""The time limit for sending one batch. Must stay below the lock timeout of the statements that wait
for these rows."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """One kind of sweep over one table; `database` must be in no transaction.

    `listed` maps the names of a failed row's facts in the summary to their columns.
    """

    database: Database
    sender: Sender
    table: OutboxTable
    statements: Mapping[str, str]
    listed: Mapping[str, str]
    batch: int = 2_000

    def count(self, filters: Mapping[str, Any]) -> int:
        """How many rows match and are pending."""
        row = self.database.fetch_one(self.statements["count"], filters, revive=True)
        return int(row["count"]) if row else 0

    def run(self, filters: Mapping[str, Any], seconds: float) -> Summary:
        """Send what matches, in order, for at most `seconds` plus one batch."""
        deadline = time.monotonic() + seconds
        summary = Summary(total_pending=self.count(filters))
        after = self.table.beginning
        while summary.total_pending and time.monotonic() < deadline:
            with self.database.transaction():
                rows = self._claim(filters, after)
                clear = self._without_held_back(rows)
                outcomes = self.sender.send(clear, BATCH_SECONDS)
                self._write_down(filters, clear, outcomes)
            summary.add(clear, outcomes, self.listed)
            outages = self.sender.outages
            if len(rows) < self.batch or any(o.result in outages for o in outcomes):
                break
            after = self.table.after(rows[-1])
        return summary

    def _claim(self, filters: Mapping[str, Any], after: Mapping[str, Any]) -> list[Row]:
        if "plan" in self.statements:
            self.database.execute(self.statements["plan"], {})
        return self.database.fetch_all(
            self.statements["claim"], {**filters, **after, "batch": self.batch}
        )

    def _without_held_back(self, rows: list[Row]) -> list[Row]:
        """Leave out the rows that wait behind a row outside this batch.

        A separate statement on purpose: its snapshot is taken after the claim's locks, so it sees what
        others hold or have committed since.
        """
        if not rows or "barriers" not in self.statements:
            return rows
        return before_barriers(self.database, self.statements["barriers"], self.table, rows)

    def _write_down(
        self, filters: Mapping[str, Any], rows: Sequence[Row], outcomes: Sequence[Outcome]
    ) -> None:
        id_column = self.table.id
        confirmed = [
            row[id_column]
            for row, outcome in zip(rows, outcomes, strict=True)
            if outcome.result is Result.CONFIRMED
        ]
        failed = [
            (row[id_column], outcome.reason)
            for row, outcome in zip(rows, outcomes, strict=True)
            if outcome.result in ATTEMPTED and outcome.result is not Result.CONFIRMED
        ]
        if confirmed:
            self.database.execute(self.statements["confirmed"], {"ids": confirmed})
        if failed:
            self.database.execute(
                self.statements["failed"],
                {
                    **filters,
                    "ids": [row_id for row_id, _ in failed],
                    "reasons": [reason for _, reason in failed],
                },
            )
