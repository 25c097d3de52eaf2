"""Hands events that are sent again to the webhooks of their banks, where others go to a queue.

Sweeps and jobs choose the events and mark them as sent, in the transaction that holds their rows. A bank
that is called has its copies in `webhook_copies`, which the lanes send as they send new events.
"""

from __future__ import annotations

from collections.abc import Sequence

from fintegrate.database import Database, Row
from fintegrate.outbox.arrays import array_literal
from fintegrate.outbox.sender import Sender
from fintegrate.outcome import Outcome, Result
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
HANDED_OVER = Outcome(Result.CONFIRMED, "")


class HandingOver:
    """Wraps the sender of a sweep or a job; rows of banks that are called have `by_webhook`.

    `database` is in the transaction of the rows. `by` names who sends.
    """

    def __init__(self, sender: Sender, database: Database, by: str) -> None:
        self._sender = sender
        self._database = database
        self._by = by
        self.outages = sender.outages

    def send(self, rows: Sequence[Row], seconds: float) -> list[Outcome]:
        """Hand over what goes by webhook, and send the rest; outcomes in the order of the rows."""
        called = [row["event_id"] for row in rows if row["by_webhook"]]
        if called:
            hand_over(self._database, called, self._by)
        queued = [row for row in rows if not row["by_webhook"]]
        outcomes = iter(self._sender.send(queued, seconds) if queued else [])
        return [HANDED_OVER if row["by_webhook"] else next(outcomes) for row in rows]


def is_any_called(database: Database, consumer_id: str | None) -> bool:
    """Whether this bank is called, or with None any: else nothing is handed over, and no nudge helps."""
    found = database.fetch_one(SQL["is_any_called"], {"consumer_id": consumer_id})
    return bool(found and found["is_called"])


def hand_over(
    database: Database, event_ids: Sequence[str], by: str, *, goes_first: bool = False
) -> None:
    """Have these events sent by webhook; with `goes_first` before all later ones of their customers."""
    wanted = {"ids": array_literal(event_ids), "by": by, "goes_first": goes_first}
    database.execute(SQL["hand_over"], wanted)
