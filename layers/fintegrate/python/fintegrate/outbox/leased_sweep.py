"""Taking up what is left in an outbox by leases: claim, send, write back, until time is up.

As `fintegrate.outbox.sweep`, but no transaction is open while a batch is sent. A sender whose
`outages` are empty goes on with the others when one destination fails.

Statements: those of the leases, and `count`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fintegrate.outbox.leases import Lease, Leases
from fintegrate.outbox.sender import Sender
from fintegrate.outbox.summary import Summary
from fintegrate.outcome import Outcome, Result

OVER = Outcome(Result.UNSENT, "the lease was over before it could be sent")


@dataclass(frozen=True, slots=True)
class LeasedSweep:
    """One kind of sweep by leases: claim, send, write back, until nothing is due or time is up.

    `send_seconds` bounds the sending of a batch. `listed` as in `Sweep`.

    Raises:
        ValueError: a batch may take as long to send as its lease lasts, or longer.
    """

    leases: Leases
    sender: Sender
    listed: Mapping[str, str]
    send_seconds: float = 30.0

    def __post_init__(self) -> None:
        if self.send_seconds >= self.leases.seconds:
            raise ValueError("a lease must last longer than the sending of its batch")

    def count(self, filters: Mapping[str, Any]) -> int:
        """How many rows there are to take up."""
        statement = self.leases.statements["count"]
        row = self.leases.database.fetch_one(statement, filters, revive=True)
        return int(row["count"]) if row else 0

    def run(self, filters: Mapping[str, Any], seconds: float) -> Summary:
        """Take up what is due, in order, for at most `seconds` (and one batch)."""
        deadline = time.monotonic() + seconds
        summary = Summary(total_pending=self.count(filters))
        claim: dict[str, Any] | None = self.leases.table.beginning
        while summary.total_pending and claim is not None and time.monotonic() < deadline:
            lease = self.leases.claim({**filters, **claim})
            outcomes = self._send(lease)
            self.leases.write_back(lease, lease.rows, outcomes, filters)
            summary.add(lease.rows, outcomes, self.listed)
            outages = self.sender.outages
            claim = None if any(o.result in outages for o in outcomes) else lease.next_claim
        return summary

    def _send(self, lease: Lease) -> list[Outcome]:
        """Send a batch, but not beyond its lease."""
        seconds = min(self.send_seconds, lease.ends - time.monotonic())
        if seconds <= 0:
            return [OVER] * len(lease.rows)
        return self.sender.send(lease.rows, seconds)
