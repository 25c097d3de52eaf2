"""The audit log: who did or tried what, in which request, and why it was refused.

A refusal is written after the rollback of its transaction, so its row stays. An admin's action is
written inside the transaction of that action. Each key has so many refusals a minute, and as many for
wrong secrets; keys that do not exist have theirs together. So nobody fills the log, and what anybody can
make up hides nothing that concerns a real key. Beyond that a refusal is only logged and counted.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from fintegrate.access.caller import Caller
from fintegrate.budget import Budget
from fintegrate.database import Database
from fintegrate.errors import ApiError
from fintegrate.metrics import AUDIT_LEFT_OUT
from fintegrate.metrics_store import Metrics
from fintegrate.queries import queries_beside
from fintegrate.redis_connection import RedisConnections

SQL = queries_beside(__name__)
WORTH_A_LOOK = {401, 403, 409}

log = logging.getLogger(__name__)


class Audited(NamedTuple):
    """What a handler says of its act, for the audit log."""

    reason: str
    """Why, in the actor's words, or what was done."""
    subject: str | None = None
    """The owner whose data it is, if not the caller."""
    details: Mapping[str, object] = MappingProxyType({})
    """What JSON can hold: the filter, and the counts. No personal data."""
    by: Caller | None = None
    """Who acted, where the request began as somebody else: at a sign-in."""


class AuditEntry(NamedTuple):
    """One row; `action` is the method and the path, `details` a JSON object."""

    request_id: str
    owner_id: str | None
    key_id: str | None
    action: str
    status_code: int
    reason: str
    source_ip: str | None
    actor: str | None = None
    session_id: str | None = None
    subject_owner_id: str | None = None
    details: str | None = None


class AuditLog:
    """Writes entries; of refusals at most `refusals_per_minute` per key, over all processes.

    A key's wrong secrets have as many of their own. Keys that do not exist share that many rows a minute
    in each process.

    The statement is `write_audit`, as in `audit.sql`. A system with another name for the owner's
    column passes its own statement.
    """

    def __init__(
        self,
        database: Database,
        metrics: Metrics,
        redis: RedisConnections | None = None,
        *,
        statements: Mapping[str, str] = SQL,
        refusals_per_minute: int = 60,
    ) -> None:
        self._database = database
        self._metrics = metrics
        self._statements = statements
        self._of_a_key = Budget("audit_refusals", refusals_per_minute, redis)
        self._of_wrong_secrets = Budget("audit_wrong_secrets", refusals_per_minute, redis)
        self._of_no_key = Budget("audit_unknown", refusals_per_minute)

    def write(self, entry: AuditEntry) -> None:
        """Write in the current transaction, or at once if there is none."""
        self._database.execute(self._statements["write_audit"], entry._asdict())

    def write_refusal(self, entry: AuditEntry, *, exists: bool) -> None:
        """Write a refusal. Never raises, because the caller must still get the refusal.

        `exists` says whether there is a key of this id.
        """
        if entry.status_code not in WORTH_A_LOOK and entry.status_code < 500:
            return
        if not self._has_room(entry, exists=exists):
            self._metrics.count(AUDIT_LEFT_OUT, "known" if exists else "unknown")
            log.info("audit row left out: %s %s", entry.action, entry.status_code)
            return
        try:
            self.write(entry)
        except ApiError as error:
            log.warning("audit row lost: %s %s: %s", entry.action, entry.status_code, error)

    def _has_room(self, entry: AuditEntry, *, exists: bool) -> bool:
        if not exists:
            return not self._of_no_key.take()
        budget = self._of_a_key if entry.owner_id else self._of_wrong_secrets  # known once proven
        return not budget.take(entry.key_id or "")
