"""A sweep by leases: claim, send and write back in batches, until time is up.

Unlike `fintegrate.outbox.sweep` it has no open transaction while it sends a batch. If the sender's
`outages` are empty, the sweep continues when one destination fails.

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
    """One kind of sweep by leases.

    `send_seconds` limits the sending of a batch. For `listed` see `Sweep`.

    Raises:
        ValueError: `send_seconds` is not shorter than the lease.
    """

    leases: Leases
    sender: Sender
    listed: Mapping[str, str]
    send_seconds: float = 30.0

    def __post_init__(self) -> None:
        if self.send_seconds >= self.leases.seconds:
            raise ValueError("a lease must last longer than the sending of its batch")

    def count(self, filters: Mapping[str, Any]) -> int:
        """How many rows match and are pending."""
        statement = self.leases.statements["count"]
        row = self.leases.database.fetch_one(statement, filters, revive=True)
        return int(row["count"]) if row else 0

    def run(self, filters: Mapping[str, Any], seconds: float) -> Summary:
        """Send what is due, in order, for at most `seconds` plus one batch."""
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
        """Send a batch, but not beyond the end of its lease."""
        seconds = min(self.send_seconds, lease.ends - time.monotonic())
        if seconds <= 0:
            return [OVER] * len(lease.rows)
        return self.sender.send(lease.rows, seconds)
