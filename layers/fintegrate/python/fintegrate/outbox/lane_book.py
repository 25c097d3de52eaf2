"""What a run of lanes asks of a system: the statements that lease rows and write back how they ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fintegrate.database import Row
from fintegrate.outbox.batches import Batch, Sent


class Book(Protocol):
    """The statements of a system's lanes."""

    def due(self) -> list[Row]:
        """The lanes with due rows that may be served now, the least recently served first.

        Each has `lane_id`, `concurrency` and `failures`, and `batch` if a request may hold several rows.
        """

    def claim(self, lane: Row, requests: int) -> list[Batch]:
        """Lease due rows for so many requests of the lane; none if it may not be served.

        More batches than that are fine, if rows cannot go out together after all.
        """

    def renew(self, batches: Sequence[Batch]) -> list[Batch]:
        """Restart the leases of batches of one lane, each before its request.

        Takes a request of the account for those that nobody has paid. Leaves out rows whose lease was
        lost. Releases all and returns none if the lane may not be served any more.
        """

    def release(self, batches: Sequence[Batch]) -> None:
        """Make batches due again that were not sent, and give their account back its requests."""

    def wait(self) -> float | None:
        """The seconds until a lane may be served, 0 for now; None if there is nothing to send."""

    def write_back(self, sent: Sequence[Sent]) -> None:
        """Write how rows ended, and what it says of their lanes. Rows without a verdict stay leased."""
