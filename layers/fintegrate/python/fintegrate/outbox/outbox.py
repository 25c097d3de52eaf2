"""The outbox: rows that were committed, and their way out in order per key.

A row is written by the caller, on the caller's transaction; nothing here writes business rows or
commits them. `publish_new` is the handler's single try after the commit; `fintegrate.outbox.sweep`
takes up what is left.

Order: a row may be sent by who has seen, after its commit, that no earlier row of its key is
pending. Pending rows only ever become fewer, so what was seen stays true. A sweep holds row locks on
what it sends; a handler holds its new row by its youth (`handoff_seconds`), in which no sweep takes
it, unless the handler has written that it gave it up.

Leaves to others the table (`OutboxTable` and statements) and the sending (`Sender`). Statements:
`predecessors`, `mark_published`, `mark_unpublished`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from fintegrate.database import Database, Row
from fintegrate.outbox.sender import Sender
from fintegrate.outbox.table import OutboxTable
from fintegrate.outcome import Result

log = logging.getLogger(__name__)

TOO_LATE = "left to the sweep: the request took longer than the hand-off time"
_PREDECESSOR_WAIT_SECONDS = 0.2
"""How long a handler waits for the handler of the row before its own."""


class Outbox:
    """The sending of new rows of one table by one process."""

    def __init__(
        self,
        database: Database,
        sender: Sender,
        table: OutboxTable,
        statements: Mapping[str, str],
        *,
        publish_seconds: float = 1.0,
        handoff_seconds: float = 5.0,
    ) -> None:
        self._database = database
        self._sender = sender
        self._table = table
        self._statements = statements
        self._seconds = publish_seconds
        self._handoff_seconds = handoff_seconds

    def publish_new(self, row: Row, written_after: float) -> None:
        """Try once to send a row that this request has committed, and write what came of it.

        `written_after` is a time before the row was written, on the monotonic clock: when the
        hand-off time has passed since, a sweep may have the row, and it is left to it.

        Never raises and never takes longer than the configured time plus one statement: whatever
        happens, the row is in the database, and a sweep takes it up.
        """
        handed_over = written_after + self._handoff_seconds
        deadline = min(handed_over, time.monotonic() + self._seconds)
        try:
            if not self._is_head(row):
                self._mark_unpublished(row, self._table.held_back, tried=False)
                return
            if time.monotonic() >= handed_over:
                self._mark_unpublished(row, TOO_LATE, tried=False)
                return
            outcome = self._sender.send([row], max(0.05, deadline - time.monotonic()))[0]
            if outcome.result is Result.CONFIRMED:
                self._database.execute(
                    self._statements["mark_published"], {"id": row[self._table.id]}
                )
            else:
                self._mark_unpublished(row, outcome.reason, tried=True)
        except Exception:
            log.exception("sending %s is left to the sweep", row[self._table.id])

    def _is_head(self, row: Row) -> bool:
        """Whether no earlier row of the key is pending.

        Waits briefly for one that its own request is still sending.
        """
        position = row[self._table.position]
        if position == self._table.first_position:
            return True
        wanted = {
            "key": row[self._table.key],
            "position": position,
            "handoff_seconds": self._handoff_seconds,
        }
        deadline = time.monotonic() + _PREDECESSOR_WAIT_SECONDS
        pause = 0.002
        while True:
            state = self._database.fetch_one(self._statements["predecessors"], wanted)
            if state is None or not state["pending"]:
                return True
            if not state["in_hand"] or time.monotonic() >= deadline:
                return False
            time.sleep(pause)
            pause *= 2

    def _mark_unpublished(self, row: Row, reason: str, *, tried: bool) -> None:
        self._database.execute(
            self._statements["mark_unpublished"],
            {"id": row[self._table.id], "reason": reason, "tried": tried},
        )
