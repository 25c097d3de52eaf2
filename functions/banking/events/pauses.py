"""Pauses: a bank whose queue nacks gets nothing more until there is room again.

A nack carries no reason: the queue is full, or its leader is gone. Either is that bank's outage and
says nothing about the event, so it spends no try. The resend sweep writes the pause (`nacked` in
resend.sql) and leaves the bank out. Once a period one run sends the bank's oldest event alone: confirmed
ends the pause, nacked prolongs it. Requests know nothing of the table, because asking it would cost each
of them a statement: `PausingSender` remembers for them what their process has seen.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fintegrate.database import Database, Row
from fintegrate.outbox.sender import Sender
from fintegrate.outbox.sweep import Sweep
from fintegrate.outcome import Outcome, Result
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
NOT_ASKED = "not sent, because the queue refused a moment ago: {reason}"


def probe_paused_banks(sweep: Sweep, filters: Mapping[str, Any], deadline: float) -> None:
    """Probe the banks in scope that are due, until `deadline` on the monotonic clock.

    A probe ignores the other filters: it is the bank's oldest event, so that nothing overtakes it. A run
    that dies in between leaves the pause as it is, and the next period has its own probe.
    """
    for pause in sweep.database.fetch_all(SQL["take_probes"], filters, revive=True):
        if time.monotonic() >= deadline:
            return
        bank = {"consumer_id": pause["consumer_id"]}
        everything = dict.fromkeys(("event_ids", "event_types", "since", "max_try_count"))
        outcome = sweep.send_first({**filters, **everything, **bank, "probe": True})
        if outcome is None or outcome.result is Result.CONFIRMED:
            sweep.database.execute(SQL["end_pause"], {**bank, "has_room": outcome is not None})
        elif outcome.result in sweep.sender.outages:
            return


def read_pauses(db: Database, consumer_id: str | None) -> list[Row]:
    """The banks that are paused, the longest pause first."""
    return db.fetch_all(SQL["read_pauses"], {"consumer_id": consumer_id})


class PausingSender:
    """Wraps the requests' sender: after a nack it leaves that bank's queue alone for `seconds`.

    Otherwise every request to a full queue would cost a nack and a new connection.
    """

    def __init__(
        self, sender: Sender, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sender = sender
        self._seconds = seconds
        self._clock = clock
        self._refusals: dict[str, tuple[float, str]] = {}
        self.outages = sender.outages

    def send(self, rows: Sequence[Row], seconds: float) -> list[Outcome]:
        """Send the rows of one bank, unless its queue has just refused."""
        bank = str(rows[0]["consumer_name"])
        until, reason = self._refusals.get(bank, (0.0, ""))
        if self._clock() < until:
            return [Outcome(Result.UNSENT, NOT_ASKED.format(reason=reason))] * len(rows)
        outcomes = self._sender.send(rows, seconds)
        nacks = [outcome.reason for outcome in outcomes if outcome.result is Result.NACKED]
        if nacks:
            self._refusals[bank] = (self._clock() + self._seconds, nacks[0])
        return outcomes
