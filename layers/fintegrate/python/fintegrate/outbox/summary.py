"""The result of a run over an outbox: counts, and the rows that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fintegrate.database import Row
from fintegrate.outcome import ATTEMPTED, Outcome, Result

MAX_FAILURES_LISTED = 1_000


@dataclass
class Summary:
    """A run's counts: `total_pending = attempted + skipped`, `attempted = succeeded + failed`."""

    total_pending: int = 0
    attempted: int = 0
    succeeded: int = 0
    failed: int = 0
    failures: list[Row] = field(default_factory=list)

    @property
    def skipped(self) -> int:
        """Rows not attempted: held back, claimed by others, out of time, or after an outage."""
        return self.total_pending - self.attempted

    def add(
        self, rows: Sequence[Row], outcomes: Sequence[Outcome], listed: Mapping[str, str]
    ) -> None:
        """Count a batch; `listed` maps the names of a failed row's facts to their columns."""
        for row, outcome in zip(rows, outcomes, strict=True):
            if outcome.result not in ATTEMPTED:
                continue
            self.attempted += 1
            if outcome.result is Result.CONFIRMED:
                self.succeeded += 1
                continue
            self.failed += 1
            if len(self.failures) < MAX_FAILURES_LISTED:
                told = {name: row[column] for name, column in listed.items()}
                self.failures.append({**told, "failure_reason": outcome.reason})
        self.total_pending = max(self.total_pending, self.attempted)

    def include(self, other: Summary) -> None:
        """Add the counts and failures of another run."""
        self.total_pending += other.total_pending
        self.attempted += other.attempted
        self.succeeded += other.succeeded
        self.failed += other.failed
        self.failures = [*self.failures, *other.failures][:MAX_FAILURES_LISTED]

    def counts(self) -> dict[str, Any]:
        """The counts without the failed rows."""
        names = ("total_pending", "attempted", "succeeded", "failed", "skipped")
        return {name: getattr(self, name) for name in names}
