"""How an outbox hands rows to whoever sends them, and learns what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fintegrate.database import Row
from fintegrate.outcome import Outcome, Result


class Sender(Protocol):
    """Sends the rows of one outbox somewhere: to a broker, to HTTP destinations, anywhere."""

    @property
    def outages(self) -> frozenset[Result]:
        """The results after which a run ends, because the next rows would fare no better.

        For a broker that is away all rows wait; with many destinations one that is away says nothing
        about the others, and this is empty.
        """

    def send(self, rows: Sequence[Row], seconds: float) -> list[Outcome]:
        """Send rows within `seconds`; what became of each, in the order of the rows.

        Of one key a row is only sent after the earlier ones are confirmed, where the order counts.
        Never raises for a receiver that is away: that is an outcome.
        """
