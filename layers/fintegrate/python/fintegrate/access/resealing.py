"""Rewrites a table's sealed texts under the key that writes now: the middle of a rotation.

Each batch is one transaction that locks its rows `FOR UPDATE SKIP LOCKED`. So a killed run leaves
nothing half done, a second run at the same time takes other rows, and a row that somebody else is
changing is left to the next run. A text is opened and sealed again for the same place. What does not
open stays as it is, is told by id, and stands in nobody's way.

Statements, none of which may change anything else of a row:

- `count`: `total` (the sealed rows) and `current` (those with the key id `%(current)s`)
- `claim`: id, key id, text and what `place` needs, of rows with another key id than `%(current)s` and a
  greater id than `%(after)s`, in the order of ids, at most `%(batch)s`, `FOR UPDATE SKIP LOCKED`
- `rewrite`: sets key ids `%(key_ids)s` and texts `%(texts)s` of the rows `%(ids)s`, parallel lists
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fintegrate.access.key_ring import KeyMissing
from fintegrate.access.sealing import Misplaced, Sealed, Sealing, Unreadable
from fintegrate.database import Database, Row

log = logging.getLogger(__name__)
MAX_FAILURES_LISTED = 100


class SealedTable(NamedTuple):
    """A table with sealed texts, or the rows that its statements return. All but `place` are columns."""

    name: str
    """For log lines."""
    id: str
    key_id: str
    text: str
    place: Callable[[Row], str]
    """The place for which a row's text was sealed."""
    first: object = 0
    """A value before all ids."""


@dataclass
class Resealed:
    """What a run has done: `total = rewritten + already_current + failed + left`.

    What others have rewritten meanwhile is `already_current`. A dry run counts as `rewritten` what it
    would rewrite.
    """

    total: int = 0
    rewritten: int = 0
    already_current: int = 0
    failed: int = 0
    failures: list[Row] = field(default_factory=list)
    """Of the first that failed: `id`, `key_id` and `reason`."""

    @property
    def left(self) -> int:
        """Rows that others were changing, and those for which there was no time."""
        return max(0, self.total - self.rewritten - self.already_current - self.failed)

    def counts(self) -> dict[str, int]:
        """The counts without the rows."""
        names = ("total", "rewritten", "already_current", "failed")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Resealing:
    """The rewriting of one table; `database` must be in no transaction."""

    database: Database
    sealing: Sealing
    table: SealedTable
    statements: Mapping[str, str]
    batch: int = 100

    def run(self, seconds: float, *, dry_run: bool = False) -> Resealed:
        """Rewrite for at most `seconds` plus one batch.

        Reads the ring's setting first, because a process that knows an older first key would undo what
        others have done.
        """
        self.sealing.ring.read_again()
        done, deadline = Resealed(), time.monotonic() + seconds
        after: object = self.table.first
        while after is not None and time.monotonic() < deadline:
            with self.database.transaction():
                rows, resealed = self._batch(done, after)
                if resealed and not dry_run:
                    self._rewrite(resealed)
            done.rewritten += len(resealed)
            after = rows[-1][self.table.id] if len(rows) == self.batch else None
        self._count(done, dry_run=dry_run)
        return done

    def _batch(self, done: Resealed, after: object) -> tuple[list[Row], list[tuple[Any, Sealed]]]:
        """Lock a batch: its rows, and the new text of each that opens."""
        wanted = {"current": self.sealing.key_ids[0], "after": after, "batch": self.batch}
        rows = self.database.fetch_all(self.statements["claim"], wanted)
        found = [(row[self.table.id], self._resealed(done, row)) for row in rows]
        return rows, [(row_id, sealed) for row_id, sealed in found if sealed is not None]

    def _resealed(self, done: Resealed, row: Row) -> Sealed | None:
        place, key_id = self.table.place(row), row[self.table.key_id]
        try:
            return self.sealing.seal(self.sealing.open(key_id, row[self.table.text], place), place)
        except (KeyMissing, Unreadable, Misplaced) as error:
            done.failed += 1
            if len(done.failures) < MAX_FAILURES_LISTED:
                told = {"id": row[self.table.id], "key_id": key_id, "reason": str(error)}
                done.failures.append(told)
            return None

    def _rewrite(self, resealed: list[tuple[Any, Sealed]]) -> None:
        values = {
            "ids": [row_id for row_id, _ in resealed],
            "key_ids": [sealed.key_id for _, sealed in resealed],
            "texts": [sealed.text for _, sealed in resealed],
        }
        self.database.execute(self.statements["rewrite"], values)

    def _count(self, done: Resealed, *, dry_run: bool) -> None:
        """Count last, so that what others have written meanwhile is counted once."""
        current = {"current": self.sealing.key_ids[0]}
        row = self.database.fetch_one(self.statements["count"], current) or {}
        done.total = row.get("total", 0)
        done.already_current = max(0, row.get("current", 0) - (0 if dry_run else done.rewritten))
        if done.failed:
            told = self.table.name, done.failed, done.failures[:3]
            log.error("%s: %d sealed texts do not open, such as %s", *told)
