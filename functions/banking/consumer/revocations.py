"""What was revoked, kept outside the database, so that a restored backup revives nothing.

The record has three marks of each consumer, times that only grow (`marks` in revocations.sql): it is
bounded by the number of consumers, and merging it with the database's marks can only add. It is written
right after a revocation; if the secret store is away then, the schedule `watch_restore` does it.

Each writing raises the record's version, which the database remembers. A record with a lower version was
lost or set back: it is refused, because it would let revoked keys live and give an epoch a second time.
"""

from __future__ import annotations

import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chalicelib.banking.tenants import ADMIN_ID
from fintegrate.database import Database, Row
from fintegrate.outside_record import OutsideRecord, RecordUnavailable
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
SET_BACK = "it has version {version} and had {known}: it was lost or set back, see operations.md"
NOT_NAMED = "RECORD_SECRET_ID is not set: nobody knows what was revoked"
Record = dict[str, Any]
log = logging.getLogger(__name__)


class Kept(NamedTuple):
    """The record's epoch and version, and whether the database has forgotten a revocation in it."""

    epoch: int = 0
    version: int = 0
    forgotten: bool = False


class Revocations:
    """The record of revocations of one database; without a place it keeps nothing."""

    def __init__(self, database: Database, record: OutsideRecord | None) -> None:
        self._database = database
        self._record = record

    def keep_now(self) -> None:
        """After a revocation was committed: write it down; what fails is left to the schedule."""
        try:
            self.keep()
        except RecordUnavailable as error:
            log.warning("a revocation is not recorded outside the database yet: %s", error)

    def keep(self) -> Kept:
        """Bring the record up to the database.

        Raises:
            RecordUnavailable: the record stays as it was.
        """
        if self._record is None:
            return Kept()
        with self._database.transaction():
            stored, state = self._take_turn()
            rows = self._database.fetch_all(SQL["marks"], {})
            own = {_short(row["consumer_id"]): row["marks"] for row in rows}
            seen = stored["version"] <= state["record_version"]
            forgotten = not seen and _knows_more(stored.get("marks", {}), own)
            self._merge(stored, own, state["epoch"])
            if not forgotten:
                self._note(stored)
        return Kept(int(stored["epoch"]), stored["version"], forgotten)

    def raise_epoch(self, epoch: int) -> int:
        """Write an epoch that no message can have had into the record, in the caller's transaction.

        Returns it.

        Raises:
            RecordUnavailable: there is no record, or it is away.
        """
        stored, _ = self._take_turn()
        stored["epoch"] = max(epoch, int(stored.get("epoch", 0))) + 1
        self._write(stored)
        self._note(stored)
        return int(stored["epoch"])

    def apply(self, backup_at: datetime, began_at: datetime) -> Row:
        """End, in the caller's transaction, what was revoked after the backup, and what was made then.

        Returns the counts. Raises as `raise_epoch`.
        """
        marks: Mapping[str, list[int]] = self._take_turn()[0].get("marks", {})
        wanted = {
            "ids": [_long(short) for short in marks],
            "keys": [keys for keys, _, _ in marks.values()],
            "accesses": [access for _, access, _ in marks.values()],
            "consumers": [consumer for _, _, consumer in marks.values()],
            "backup_at": backup_at,
            "began_at": began_at,
            "admin_id": ADMIN_ID,
        }
        return {
            "keys_ended": self._database.execute(SQL["end_keys"], wanted),
            "sessions_ended": self._database.execute(SQL["end_sessions"], wanted),
            "accesses_ended": self._database.execute(SQL["end_accesses"], wanted),
            "consumers_deactivated": self._database.execute(SQL["deactivate_consumers"], wanted),
        }

    def _place(self) -> OutsideRecord:
        if self._record is None:
            raise RecordUnavailable(NOT_NAMED)
        return self._record

    def _take_turn(self) -> tuple[Record, Row]:
        """The record, and the database's epoch and version of it; nobody else writes until the end."""
        (state,) = self._database.fetch_all(SQL["take_turn"], {})
        stored, known = self._place().read(), state["record_version"]
        version = stored.setdefault("version", 0)
        if version < known:
            raise RecordUnavailable(SET_BACK.format(version=version, known=known))
        return stored, state

    def _merge(self, stored: Record, own: Mapping[str, list[int]], epoch: int) -> None:
        """Add to the record what the database knows."""
        marks: dict[str, list[int]] = dict(stored.get("marks", {}))
        for consumer, times in own.items():
            if any(times):
                known = marks.get(consumer, [0, 0, 0])
                marks[consumer] = [max(pair) for pair in zip(known, times, strict=True)]
        merged = {"marks": marks, "epoch": max(epoch, int(stored.get("epoch", 0)))}
        if merged.items() <= stored.items():
            return
        stored |= merged
        self._write(stored)

    def _write(self, stored: Record) -> None:
        stored["version"] += 1
        self._place().write(stored)

    def _note(self, stored: Record) -> None:
        """A database that was restored learns so, too, which version it has to expect."""
        self._database.execute(SQL["note_version"], {"version": stored["version"]})


def _knows_more(marks: Mapping[str, list[int]], own: Mapping[str, list[int]]) -> bool:
    """Whether an end of a key or of an access is in the record only: it was written after its commit.

    That a consumer was deactivated says nothing: it may be active again.
    """
    return any(
        known > mine
        for consumer, times in marks.items()
        for known, mine in zip(times[:2], own.get(consumer, [0, 0]), strict=False)
    )


def _short(consumer_id: str) -> str:
    """A UUID in 22 characters."""
    return urlsafe_b64encode(UUID(consumer_id).bytes).decode().rstrip("=")


def _long(short: str) -> str:
    return str(UUID(bytes=urlsafe_b64decode(short + "==")))
