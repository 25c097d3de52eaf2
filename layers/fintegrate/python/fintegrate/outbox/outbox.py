"""The outbox: sends committed rows in order per key.

The caller writes a row in its own transaction. Nothing here writes or commits business rows.
`publish_new` is the handler's single try after the commit. `fintegrate.outbox.sweep` sends the rest.

Order: before it sends a row, the sender checks that no earlier row of its key is pending. It does so
after the row's commit, or while a lock keeps others from writing rows of the key. The check stays true:
what a sender has once seen as not pending has reached its receiver or was given up. A system may set a
row that was given up back to pending only while no later row of its key exists and none can be born,
because then nobody has looked past it. A crash of the database may lose the mark of a row that was
sent; that row is sent again, which is no first sight. A sweep locks the rows that it sends. A handler
needs no lock: no sweep takes a row that is younger than `handoff_seconds`, unless the handler has
written why it did not publish the row.

Leaves to others the table (`OutboxTable` and statements) and the sending (`Sender`). Statements:
`predecessors`, `mark_published`, `mark_unpublished`. `predecessors` returns `pending` (whether the row
must wait), `in_hand` (whether waiting is short) and optionally `reason`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence

from fintegrate.database import Database, Row
from fintegrate.outbox.arrays import array_literal
from fintegrate.outbox.sender import Sender
from fintegrate.outbox.table import OutboxTable
from fintegrate.outcome import Result

log = logging.getLogger(__name__)

TOO_LATE = "left to the sweep: the request took longer than the hand-off time"
_PREDECESSOR_WAIT_SECONDS = 0.2
"""How long a handler waits for the handler of the row before its own."""


class Outbox:
    """Sends one process's new rows of one table."""

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
        """Try once to send a row that this request has committed, and write the outcome.

        `written_after` is a time on the monotonic clock, before the row was written. Once the hand-off
        time has passed since then, a sweep may have taken the row, so it is left to the sweep.

        Never raises, and never takes longer than the configured time plus one statement. Whatever
        happens, the row is in the database and a sweep will send it.
        """
        handed_over = written_after + self._handoff_seconds
        deadline = min(handed_over, time.monotonic() + self._seconds)
        try:
            held_back = self._held_back(row)
            if held_back is not None:
                self._mark_unpublished(row, held_back)
                return
            if time.monotonic() >= handed_over:
                self._mark_unpublished(row, TOO_LATE)
                return
            outcome = self._sender.send([row], max(0.05, deadline - time.monotonic()))[0]
            if outcome.result is Result.CONFIRMED:
                self._database.execute(
                    self._statements["mark_published"], {"id": row[self._table.id]}
                )
            else:
                self._mark_unpublished(row, outcome.reason, outcome.result)
        except Exception:
            log.exception("sending %s is left to the sweep", row[self._table.id])

    def publish_together(self, rows: Sequence[Row], written_after: float) -> None:
        """The same for several rows, which were committed together.

        Rows of one key are sent in the order of their position; without `predecessors` rows have none.
        Needs the statements `mark_published_all` and `mark_unpublished_all`, which take `ids`.
        """
        handed_over = written_after + self._handoff_seconds
        deadline = min(handed_over, time.monotonic() + self._seconds)
        try:
            clear, held_back = self._parted(rows)
            told = list(held_back)
            if time.monotonic() >= handed_over:
                told += [(row, TOO_LATE) for row in clear]
                clear = []
            left = max(0.05, deadline - time.monotonic())
            outcomes = self._sender.send(clear, left) if clear else []
            sent = [
                row[self._table.id]
                for row, outcome in zip(clear, outcomes, strict=True)
                if outcome.result is Result.CONFIRMED
            ]
            told += [
                (row, outcome.reason)
                for row, outcome in zip(clear, outcomes, strict=True)
                if outcome.result is not Result.CONFIRMED
            ]
            if sent:
                self._database.execute(
                    self._statements["mark_published_all"], {"ids": array_literal(sent)}
                )
            if told:
                self._database.execute(
                    self._statements["mark_unpublished_all"],
                    {
                        "ids": [row[self._table.id] for row, _ in told],
                        "reasons": [reason for _, reason in told],
                    },
                )
        except Exception:
            log.exception("sending %d rows is left to the sweep", len(rows))

    def _parted(self, rows: Sequence[Row]) -> tuple[list[Row], list[tuple[Row, str]]]:
        """The rows that may be sent, and those that must wait for earlier ones of their key."""
        if "predecessors" not in self._statements:
            return list(rows), []
        held: dict[object, str | None] = {}
        clear, waiting = list[Row](), list[tuple[Row, str]]()
        for row in sorted(rows, key=lambda row: int(row[self._table.position])):
            key = row[self._table.key]
            if key not in held:
                held[key] = self._held_back(row)
            if (reason := held[key]) is None:
                clear.append(row)
            else:
                waiting.append((row, reason))
        return clear, waiting

    def _held_back(self, row: Row) -> str | None:
        """Why the row must wait: an earlier row of its key is pending, or what the statement says.

        Waits briefly for an earlier row that another request is still sending. None if it may be sent.
        """
        table, position = self._table, row[self._table.position]
        if position == table.first_position or (table.is_next and row.get(table.is_next)):
            return None
        wanted = {
            "key": row[table.key],
            "position": position,
            "handoff_seconds": self._handoff_seconds,
        }
        if table.owner is not None:
            wanted["owner"] = row[table.owner]
        deadline = time.monotonic() + _PREDECESSOR_WAIT_SECONDS
        pause = 0.002
        while True:
            state = self._database.fetch_one(self._statements["predecessors"], wanted)
            if state is None or not state["pending"]:
                return None
            if not state["in_hand"] or time.monotonic() >= deadline:
                return str(state.get("reason") or table.held_back)
            time.sleep(pause)
            pause *= 2

    def _mark_unpublished(self, row: Row, reason: str, result: Result | None = None) -> None:
        """Write why the row was not sent; `result` is that of a try."""
        self._database.execute(
            self._statements["mark_unpublished"],
            {
                "id": row[self._table.id],
                "reason": reason,
                "tried": result is not None,
                "outcome": result.value if result else None,
            },
        )
