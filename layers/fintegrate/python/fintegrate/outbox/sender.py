"""The interface between an outbox and the sender of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fintegrate.database import Row
from fintegrate.outcome import Outcome, Result


class Sender(Protocol):
    """Sends the rows of one outbox somewhere: to a broker, to HTTP destinations, anywhere."""

    @property
    def outages(self) -> frozenset[Result]:
        """The results that end a run, because the next rows would fail too.

        When a broker is away, all rows must wait. With many destinations, one that is away says nothing
        about the others: the set is then empty.
        """

    def send(self, rows: Sequence[Row], seconds: float) -> list[Outcome]:
        """Send rows within `seconds`; returns the outcomes in the order of the rows.

        Where order counts, a row is sent only after the earlier rows of its key are confirmed. Does not
        raise when a receiver is away: that is an outcome.
        """
