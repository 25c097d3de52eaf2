"""A sweep: claim, send and write back an outbox's pending rows in batches, until time is up.

A claim is a row lock. One transaction selects a batch `FOR UPDATE SKIP LOCKED`, sends it and writes the
outcomes. So two sweeps never send the same row, and a killed sweep leaves no claim behind. This suits
receivers that answer within seconds; for others see `fintegrate.outbox.leases`.
A run visits each row once, in the table's order. If the table has an owner, the owners that have rows
share each batch, and each owner's rows are visited in order. An outage ends the run at once, and only
the rows that were already sent count. What was returned or refused for itself spends a try. A nack or
silence spends none.

Statements of a sweep: `count`, `claim`, `confirmed`, `failed`. Optional are `plan` (planner settings for
the transaction of `claim`), `barriers` (where rows of a key must keep their order), `confirmed_also`
(what else is written of confirmed rows), `nacked` (what a nack leaves behind; without it, nothing) and
`unconfirmed` (what silence leaves behind; without it, `failed`). Each of these gets the run's filters
and `ids`, and what was tried in vain `reasons` and `outcomes` (values of `Result`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fintegrate.database import Database, Row
from fintegrate.outbox.arrays import array_literal
from fintegrate.outbox.barriers import before_barriers
from fintegrate.outbox.sender import Sender
from fintegrate.outbox.summary import Summary
from fintegrate.outbox.table import OutboxTable
from fintegrate.outcome import Outcome, Result

_TRIED_IN_VAIN = {
    Result.REFUSED: "failed",
    Result.UNROUTABLE: "failed",
    Result.UNCONFIRMED: "unconfirmed",
    Result.NACKED: "nacked",
}
"""The statement that writes a result down."""
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

    def run(self, filters: Mapping[str, Any], seconds: float, *, counts: bool = True) -> Summary:
        """Send what matches, in order, for at most `seconds` plus one batch.

        Without `counts` the summary has what was attempted only. Counting reads all that is pending, so
        it costs more than a batch when an owner's backlog is large.
        """
        deadline = time.monotonic() + seconds
        summary = Summary(total_pending=self.count(filters) if counts else 0)
        if counts and not summary.total_pending:
            return summary
        claim: Mapping[str, Any] | None = self.table.first_claim
        while claim is not None and time.monotonic() < deadline:
            rows, clear, outcomes = self._send_batch(filters, claim, self.batch)
            summary.add(clear, outcomes, self.listed)
            outages = self.sender.outages
            away = any(outcome.result in outages for outcome in outcomes)
            claim = None if away else self.table.next_claim(rows, self.batch)
        return summary

    def send_first(self, filters: Mapping[str, Any]) -> Outcome | None:
        """Send the first row that matches, alone. None: there was none that may be sent now."""
        _, _, outcomes = self._send_batch(filters, self.table.first_claim, 1)
        return outcomes[0] if outcomes else None

    def _send_batch(
        self, filters: Mapping[str, Any], claim: Mapping[str, Any], batch: int
    ) -> tuple[list[Row], list[Row], list[Outcome]]:
        """The rows of a batch, those of them that were sent, and how each of these ended."""
        with self.database.transaction():
            rows = self._claim({**filters, **claim, "batch": batch})
            clear = self._without_held_back(rows)
            outcomes = self.sender.send(clear, BATCH_SECONDS)
            self._write_down(filters, clear, outcomes)
        return rows, clear, outcomes

    def _claim(self, wanted: Mapping[str, Any]) -> list[Row]:
        if "plan" in self.statements:
            self.database.execute(self.statements["plan"], {})
        return self.database.fetch_all(self.statements["claim"], wanted)

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
        if confirmed:
            sent = {**filters, "ids": array_literal(confirmed)}
            self.database.execute(self.statements["confirmed"], sent)
            if "confirmed_also" in self.statements:
                self.database.execute(self.statements["confirmed_also"], sent)
        told: dict[str, list[tuple[Any, Outcome]]] = {}
        for row, outcome in zip(rows, outcomes, strict=True):
            statement = _TRIED_IN_VAIN.get(outcome.result, "")
            if statement == "unconfirmed" and statement not in self.statements:
                statement = "failed"
            told.setdefault(statement, []).append((row[id_column], outcome))
        for statement, pairs in told.items():
            if statement in self.statements:
                tried = {
                    "ids": [row_id for row_id, _ in pairs],
                    "reasons": [outcome.reason for _, outcome in pairs],
                    "outcomes": [outcome.result.value for _, outcome in pairs],
                }
                self.database.execute(self.statements[statement], {**filters, **tried})
