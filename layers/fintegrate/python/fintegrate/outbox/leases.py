"""Claims by lease, for receivers that may take long to answer.

A claim writes a lease into each row of a batch in one short transaction. The lease is a token and the
time until which no other process takes the row. No transaction is open while the batch is sent. Every
write-back names the token and changes only rows that still have it, so a process that lost its lease
writes nothing. When a process dies, its rows wait until their lease ends. The next claim then takes
them, and each is sent at most once more.

The database's clock decides when a lease ends and when a row is due again: statements take seconds,
never times. A process measures the end of its sending on its own clock, from before its claim.

Order: `claim` decides whether a batch has one row of a key or several. `barriers` finds the keys that
have an unfinished row outside the batch, leased or not; the rows that follow it are released. Without
`barriers` rows have no order. A claim that leaves out such rows itself saves these writes. If a process
is frozen while it sends for longer than its lease, it may later send rows that another process has sent
since: receivers must recognise copies, as with every outbox.

Statements: `claim`, `renew`, `confirmed`, `failed`, `released`; optional `plan`, `barriers`. Leaves the
loop to `fintegrate.outbox.leased_sweep`, or to a system with a way of its own to send.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fintegrate.database import Database, Row
from fintegrate.outbox.barriers import before_barriers
from fintegrate.outbox.table import OutboxTable
from fintegrate.outcome import ATTEMPTED, Outcome, Result

log = logging.getLogger(__name__)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_FINDS_BY_TOKEN = re.compile(r"\bwhere\b(?:(?!\bwhere\b).)*=\s*%\(token\)s", re.I | re.S)


class Lease(NamedTuple):
    """A claimed batch: `rows` must be sent before `ends`, on this process's monotonic clock.

    `next_claim` has the parameters of the next claim; None if there are no more rows.
    """

    token: str
    rows: list[Row]
    ends: float
    next_claim: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Leases:
    """The leases of one table; `database` must be in no transaction.

    A lease lasts `seconds`. A claim takes at most `batch` rows. `wait` gives the seconds until an
    unconfirmed row is due again.

    Raises:
        ValueError: a statement that writes back does not name the token.
    """

    database: Database
    table: OutboxTable
    statements: Mapping[str, str]
    wait: Callable[[Row, Outcome], float]
    seconds: float = 60.0
    batch: int = 100

    def __post_init__(self) -> None:
        for name in ("renew", "confirmed", "failed", "released"):
            if not _FINDS_BY_TOKEN.search(_COMMENT.sub("", self.statements[name])):
                raise ValueError(f"statement {name} must find its rows by %(token)s")

    def claim(self, parameters: Mapping[str, Any]) -> Lease:
        """Lease the rows that are due and not leased, in the table's order."""
        token, ends = str(uuid.uuid4()), time.monotonic() + self.seconds
        wanted = {**parameters, "token": token, "lease_seconds": self.seconds, "batch": self.batch}
        with self.database.transaction():
            if "plan" in self.statements:
                self.database.execute(self.statements["plan"], {})
            claimed = self.database.fetch_all(self.statements["claim"], wanted)
            rows = self._without_held_back(token, claimed)
        more = self.table.after(claimed[-1]) if len(claimed) == self.batch else None
        return Lease(token, rows, ends, more)

    def renew(self, lease: Lease, rows: Sequence[Row]) -> Lease:
        """Restart the lease of these rows; the result leaves out rows whose lease was lost."""
        ends, id_column = time.monotonic() + self.seconds, self.table.id
        wanted = {
            "token": lease.token,
            "lease_seconds": self.seconds,
            "ids": [row[id_column] for row in rows],
        }
        kept = {row["id"] for row in self.database.fetch_all(self.statements["renew"], wanted)}
        return lease._replace(rows=[row for row in rows if row[id_column] in kept], ends=ends)

    def write_back(
        self,
        lease: Lease,
        rows: Sequence[Row],
        outcomes: Sequence[Outcome],
        parameters: Mapping[str, Any],
    ) -> int:
        """Write the outcomes of some rows of a lease, and end the lease of these rows.

        Returns how many rows still had the lease. The others have another owner now and stay
        unchanged. The statements also get the run's `parameters`.
        """
        told: dict[str, list[tuple[Row, Outcome]]] = {"confirmed": [], "failed": [], "released": []}
        for row, outcome in zip(rows, outcomes, strict=True):
            told[_statement_for(outcome.result)].append((row, outcome))
        written = 0
        with self.database.transaction():
            for statement, pairs in told.items():
                if not pairs:
                    continue
                values = {**parameters, "token": lease.token, **self._values(pairs)}
                written += self.database.execute(self.statements[statement], values)
        if written < len(rows):
            log.warning("%d of %d leases were lost before the end", len(rows) - written, len(rows))
        return written

    def _without_held_back(self, token: str, claimed: list[Row]) -> list[Row]:
        """Release the rows that wait behind a row outside this batch.

        A separate statement on purpose: its snapshot is taken after the claim's locks, so it sees what
        others have claimed or committed since.
        """
        if not claimed or "barriers" not in self.statements:
            return claimed
        rows = before_barriers(self.database, self.statements["barriers"], self.table, claimed)
        sent = {row[self.table.id] for row in rows}
        held_back = Outcome(Result.HELD_BACK, self.table.held_back)
        barred = [(row, held_back) for row in claimed if row[self.table.id] not in sent]
        if barred:
            values = {"token": token, **self._values(barred)}
            self.database.execute(self.statements["released"], values)
        return rows

    def _values(self, pairs: Sequence[tuple[Row, Outcome]]) -> dict[str, Any]:
        """A write-back's parameters: parallel lists. A confirmed row has no wait."""
        return {
            "ids": [row[self.table.id] for row, _ in pairs],
            "results": [outcome.result.value for _, outcome in pairs],
            "reasons": [outcome.reason for _, outcome in pairs],
            "waits": [
                0.0 if outcome.result is Result.CONFIRMED else self.wait(row, outcome)
                for row, outcome in pairs
            ],
        }


def _statement_for(result: Result) -> str:
    if result is Result.CONFIRMED:
        return "confirmed"
    return "failed" if result in ATTEMPTED else "released"
