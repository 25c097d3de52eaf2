"""Restores a backup in the middle of a run, as docs/banking/operations.md says for that night.

The backup is taken under the load, and life goes on for some seconds: callers write, banks read, a key
is replaced. Then the operator stops the platform, restores, recovers, issues the keys that ended, and
lets the callers in again. What the database had right before and has right after is kept for the ledger.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol, cast

from local.banking.chaos import gathering
from local.banking.chaos.answers import REVOKED_KEY, Answer, AnswerRecord
from local.banking.chaos.evidence import Event, Restore
from local.banking.chaos.faults.targets import Targets
from local.banking.client import Client
from local.chaos.looking import rows
from local.machine.checkout import ROOT, Checkout
from local.services.databases import create_database
from local.services.installation import migrate

REASON = "the database was lost"
RECOVERIES = 3
OVERLAP_MINUTES = 60
SESSIONS_SECONDS = 20.0
READING_SECONDS = 20.0
READING = """
SELECT count(DISTINCT consumer_id) AS banks
FROM customer_events
WHERE created_at > %(since)s::timestamptz AND event_type <> 'consumer_created'
  AND deliver_status = 'delivered'
"""
SESSIONS = """
SELECT count(*) AS count
FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'fintegrate'
"""


class NotRestored(Exception):
    """The run proves nothing; the text says what went wrong."""


class BackedUp(Protocol):
    """A database server with PostgreSQL's own programs for backups."""

    def dump(self, database: str) -> bytes: ...
    def restore(self, database: str, backup: bytes) -> None: ...


@dataclass(frozen=True)
class _Rows:
    """What can be lost of a database."""

    events: dict[str, Event]
    tags: frozenset[tuple[str, str]]


@dataclass
class Operator:
    """Takes a backup of the run's database and restores it."""

    targets: Targets
    record: AnswerRecord
    random: Random
    _revoked: list[str] = field(default_factory=list)

    def restore(self, lost_seconds: float) -> Restore:
        """Back up, let life go on for so many seconds, and restore.

        Raises:
            NotRestored: a step failed.
        """
        bed, load = self.targets.bed, self.targets.load
        server = cast(BackedUp, bed.services.postgresql)
        began, backup_time = time.time(), self._now()
        backup = server.dump(bed.name)
        number = self._replace_key()
        self.targets.last(lost_seconds)
        self._await_banks(backup_time)
        bed.stop_platform()
        load.hold()
        before = self._rows_at_rest()
        create_database(bed.services.urls, bed.name)
        server.restore(bed.name, backup)
        after = self._rows()
        migrate(Checkout(), bed.environment)
        said = self._recover(backup_time)
        recovered = time.time()
        bed.start_platform()
        self._issue_key(number)
        resumed = time.time()
        load.let_in()
        lost = [event for each, event in before.events.items() if each not in after.events]
        lost_tags = before.tags - after.tags
        return Restore(
            began, recovered, resumed, lost, lost_tags, bool(said["noticed"]), said["found"]
        )

    def _now(self) -> str:
        """Before the backup rather than after it: what was issued after this time ends."""
        (row,) = rows(self.targets.bed.database_url, "SELECT clock_timestamp() AS now")
        return str(row["now"].isoformat())

    def _replace_key(self) -> int:
        """Replace a tenant's key. Its callers use the new one, and its program the old one."""
        bed = self.targets.bed
        number = self.random.randrange(len(bed.tenants))
        tenant = bed.tenants[number]
        body = {"consumer_id": tenant.consumer_id, "rotate": True}
        with bed.admin() as admin:
            issued = admin.post("/consumer/api-key", {**body, "overlap_minutes": OVERLAP_MINUTES})
        self._revoked = [tenant.key, issued["api_key"]]
        self.targets.load.use_key(tenant.name, issued["api_key"])
        return number

    def _await_banks(self, backup_time: str) -> None:
        """Wait until each bank has applied an event that will be lost, within a limit."""
        deadline = time.monotonic() + READING_SECONDS
        url, banks = self.targets.bed.database_url, len(self.targets.bed.tenants)
        while rows(url, READING, since=backup_time)[0]["banks"] < banks:
            if time.monotonic() > deadline:
                return
            time.sleep(0.1)

    def _rows_at_rest(self) -> _Rows:
        """The rows once no session of the platform can commit any more."""
        deadline = time.monotonic() + SESSIONS_SECONDS
        while rows(self.targets.bed.database_url, SESSIONS)[0]["count"]:
            if time.monotonic() > deadline:
                raise NotRestored("sessions of the stopped platform are still open")
            time.sleep(0.1)
        return self._rows()

    def _rows(self) -> _Rows:
        url = self.targets.bed.database_url
        events = {row["event_id"]: Event(**row) for row in rows(url, gathering.EVENTS)}
        return _Rows(events, frozenset(self._tags()))

    def _tags(self) -> Iterator[tuple[str, str]]:
        for row in rows(self.targets.bed.database_url, gathering.CUSTOMERS):
            yield from ((row["customer_id"], key) for key in row["tags"])

    def _recover(self, backup_time: str) -> dict[str, Any]:
        """As an operator would: repeat it when it says that a server did not answer."""
        program = "local.banking.chaos.recover_process"
        for _ in range(RECOVERIES):
            done = subprocess.run(
                [sys.executable, "-m", program, backup_time, REASON],
                env=dict(self.targets.bed.behind_proxies),
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
            if not done.returncode:
                said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
                return said
        raise NotRestored(f"recover failed:\n{done.stdout}{done.stderr}")

    def _issue_key(self, number: int) -> None:
        """Try the keys that have ended, and give the tenant a new one."""
        bed = self.targets.bed
        tenant = bed.tenants[number]
        for key, url in ((key, url) for key in self._revoked for url in bed.base_urls):
            with Client(url, key) as client:
                reply = client.call("GET", "/customer/list")
            said = Answer(tenant.name, REVOKED_KEY, REVOKED_KEY, reply.status)
            self.record.add(said)
        with bed.admin() as admin:
            issued = admin.post("/consumer/api-key", {"consumer_id": tenant.consumer_id})
        self.targets.load.use_key(tenant.name, issued["api_key"])
        bed.use_key(number, issued["api_key"])
