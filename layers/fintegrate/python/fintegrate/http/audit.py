"""The audit log: who did or tried what, in which request, and why it was refused.

A refusal is written after the rollback of its transaction, so its row stays. An admin's action is
written inside the transaction of that action. Anybody can cause refusals without a valid key, so their
number is limited: beyond the limit they are only logged and counted.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from fintegrate.database import Database
from fintegrate.errors import ApiError
from fintegrate.queries import queries_beside

SQL = queries_beside(__file__)
WORTH_A_LOOK = {401, 403, 409}

log = logging.getLogger(__name__)


class AuditEntry(NamedTuple):
    """One row; `action` is the method and the path."""

    request_id: str
    owner_id: str | None
    key_id: str | None
    action: str
    status_code: int
    reason: str
    source_ip: str | None


class AuditLog:
    """Writes entries. Refusals without a valid key: at most `strangers_per_minute` per process.

    The statement is `write_audit`, as in `audit.sql`. A system with another name for the owner's
    column passes its own statement.
    """

    def __init__(
        self,
        database: Database,
        statements: Mapping[str, str] = SQL,
        strangers_per_minute: int = 60,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._statements = statements
        self._limit = strangers_per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._window = (0.0, 0)

    def write(self, entry: AuditEntry) -> None:
        """Write in the current transaction, or at once if there is none."""
        self._database.execute(self._statements["write_audit"], entry._asdict())

    def write_refusal(self, entry: AuditEntry) -> None:
        """Write a refusal. Never raises, because the caller must still get the refusal."""
        if entry.status_code not in WORTH_A_LOOK and entry.status_code < 500:
            return
        if entry.owner_id is None and not self._stranger_allowed():
            return
        try:
            self.write(entry)
        except ApiError as error:
            log.warning("audit row lost: %s %s: %s", entry.action, entry.status_code, error)

    def _stranger_allowed(self) -> bool:
        with self._lock:
            started, count = self._window
            if self._clock() - started >= 60:
                started, count = self._clock(), 0
            self._window = (started, count + 1)
            return count < self._limit
