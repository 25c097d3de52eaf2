"""Moves events that have long been settled into files of one day and bank, a bank's oldest first.

A file is named in the database, written with its manifest, read back and compared. Only then does the
owner's function `move_to_archive` take the rows away: it makes the lines again and compares them with
the file's. A run that was killed anywhere leaves a named file, and the next run goes on with it. Of each
customer the archive has the first events without a gap; so what is left in the table is in order, too.

Leaves the reading to `chalicelib.banking.archive.archived`.
"""

from __future__ import annotations

import logging
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from fintegrate.database import Database, Row
from fintegrate.http.envelope import dumps
from fintegrate.outbox.arrays import array_literal
from fintegrate.queries import queries_beside
from fintegrate.settings import SettingsError
from fintegrate.storage.json_lines import Differs, File, Lines, store_compared
from fintegrate.storage.store import Store, StoreAway

SQL = queries_beside(__name__)
FILE_EVENTS = 2_000
"""The most events of a file, which are moved in one transaction, and of a page."""
LEAST_DAYS = 30
"""The database moves no event that was settled later."""
REST = 4
"""So many times as long as a file takes, a run rests after it: the archive is in no hurry."""
UNFINISHED = 100
AWAY = "the object store does not answer"
TOO_YOUNG = f"ARCHIVE_AFTER_DAYS must be 0, for never, or at least {LEAST_DAYS}"

log = logging.getLogger(__name__)


@dataclass
class Moved:
    """The counts of a run; `waits_for` says why it ended early."""

    files: int = 0
    events: int = 0
    given_up: int = 0
    waits_for: str | None = None


class Archiving:
    """Moves the events of all banks; `database` must be in no transaction."""

    def __init__(self, database: Database, store: Store, *, after_days: int) -> None:
        if after_days < LEAST_DAYS:
            raise SettingsError(TOO_YOUNG)
        self._db = database
        self._store = store
        self._age = timedelta(days=after_days)
        self._moved = Moved()

    def run(self, seconds: float, now: datetime | None = None) -> Moved:
        """Finish what was begun, then move what is old, for at most `seconds` and one file."""
        deadline = time.monotonic() + seconds
        try:
            self._work((now or datetime.now(UTC)) - self._age, deadline)
        except StoreAway:
            self._moved.waits_for = AWAY
        return self._moved

    def _work(self, before: datetime, deadline: float) -> None:
        """Finish the files that are named already; then go from bank to bank."""
        for file in self._db.fetch_all(SQL["unfinished"], {"limit": UNFINISHED}, revive=True):
            self._finish(file)
            if time.monotonic() >= deadline:
                return
        for bank in self._db.fetch_all(SQL["banks"], {"before": before}, revive=True):
            self._archive(bank, before, deadline)
            if time.monotonic() >= deadline:
                return

    def _archive(self, bank: Row, before: datetime, deadline: float) -> None:
        """Go through a bank's old events. Where the time is up, the bank's next turn goes on.

        That turn comes after those of all others, also if this run is killed.
        """
        of_bank = {"consumer_id": bank["consumer_id"]}
        wanted = {**of_bank, "before": before, "limit": FILE_EVENTS}
        place = {name: bank[name] for name in ("after_at", "after_id")}
        self._db.execute(SQL["take_turn"], of_bank)
        while rows := self._db.fetch_all(SQL["candidates"], {**wanted, **place}, revive=True):
            last = self._archive_page(bank, rows, deadline)
            place = {"after_at": last["created_at"], "after_id": last["event_id"]}
            if time.monotonic() >= deadline:
                break
        else:
            place = dict.fromkeys(place)
        self._db.execute(SQL["keep_place"], {**of_bank, **place})

    def _archive_page(self, bank: Row, rows: list[Row], deadline: float) -> Row:
        """Make a file of each day; the last row that was seen to.

        A file that is not moved ends the page: what its rows say of later events is no longer true.
        """
        next_of: dict[str, int] = {}
        for of_day in _whole_days(rows):
            begun = time.monotonic()
            chosen = [row for row in of_day if _is_next(row, next_of)]
            is_moved = not chosen or self._finish(self._named(bank, chosen))
            if not is_moved or time.monotonic() >= deadline:
                break
            self._rest(begun, deadline)
        return of_day[-1]

    @staticmethod
    def _rest(begun: float, deadline: float) -> None:
        """Leave the database to others for some times as long as the work since `begun` has taken."""
        now = time.monotonic()
        time.sleep(max(0.0, min(REST * (now - begun), deadline - now)))

    def _named(self, bank: Row, events: list[Row]) -> Row:
        event_ids = [event["event_id"] for event in events]
        made = self._made({"consumer_id": bank["consumer_id"], "event_ids": event_ids})
        return named(self._db, bank, events[0]["day"], event_ids, made)

    def _made(self, file: Row) -> File:
        lines = Lines()
        wanted = {
            "consumer_id": file["consumer_id"],
            "event_ids": array_literal(file["event_ids"]),
        }
        lines.add(row["line"] for row in self._db.fetch_all(SQL["lines"], wanted, revive=True))
        return lines.file()

    def _finish(self, file: Row) -> bool:
        """Write a named file, if that is not done, and move its events; whether they are moved."""
        of_file = {name: file[name] for name in ("archive_id", "consumer_id")}
        try:
            if file["compared_sha256"] is None and not self._write(file, of_file):
                self._give_up(file, of_file)
                return False
        except Differs:  # the next run writes it again
            log.exception("archive %s", file["archive_id"])
            return False
        moved = self._db.fetch_all(SQL["move"], of_file)[0]["moved"]
        if moved is None:
            self._give_up(file, of_file)
        elif moved:
            self._moved.files += 1
            self._moved.events += moved
        return bool(moved)

    def _write(self, file: Row, of_file: dict[str, Any]) -> bool:
        """Store the file with its manifest; False if its events are others by now."""
        made = self._made(file)
        if made.sha256 != file["sha256"]:
            return False
        compared = store_file(self._store, file, made)
        if not self._db.execute(SQL["compared"], {**of_file, "compared_sha256": compared}):
            self._take_back(file, of_file)
        return True

    def _take_back(self, file: Row, of_file: dict[str, Any]) -> None:
        """Delete what was written after somebody had given the file up, or had erased it."""
        if self._db.fetch_one(SQL["is_gone"], of_file):
            delete_file(self._store, file)

    def _give_up(self, file: Row, of_file: dict[str, Any]) -> None:
        """Forget a file whose events have changed: they are all still in the table.

        If another run has moved them meanwhile, the file stays: it has the only copy. What stays because
        the store or this process is away, `forgetting` deletes.
        """
        if self._db.execute(SQL["give_up"], of_file):
            delete_file(self._store, file)
            self._moved.given_up += 1


def named(db: Database, bank: Row, day: date, event_ids: list[str], made: File) -> Row:
    """Name a file before it is written; returns it.

    `bank` has `consumer_id` and `consumer_name`, and `forgotten` if the file forgets erased customers.
    """
    archive_id = str(uuid.uuid4())
    file: Row = {
        "archive_id": archive_id,
        "consumer_id": bank["consumer_id"],
        "consumer_name": bank["consumer_name"],
        "day": day,
        "object_key": f"archive/{bank['consumer_id']}/{day}/{archive_id}.jsonl.gz",
        "event_ids": event_ids,
        "event_count": made.lines,
        "size_bytes": len(made.body),
        "content_sha256": made.content_sha256,
        "sha256": made.sha256,
        "compared_sha256": None,
    }
    arrays = {
        "event_ids": array_literal(event_ids),
        "forgotten": array_literal(bank.get("forgotten", ())),
    }
    db.execute(SQL["name_file"], {**file, **arrays})
    return file


def store_file(store: Store, file: Row, made: File) -> str:
    """Write a named file and its manifest, read back and compared; returns the file's hash.

    Raises:
        Differs: the store gives back something else.
        StoreAway: the store does not answer.
    """
    compared = store_compared(store, file["object_key"], made.body)
    manifest = dumps(_manifest(file)).encode()
    store_compared(store, manifest_key(file), manifest, "application/json")
    return compared


def delete_file(store: Store, file: Row) -> None:
    """Delete a file and its manifest; errors as of the store."""
    for key in (file["object_key"], manifest_key(file)):
        store.delete(key)


def _whole_days(rows: list[Row]) -> list[list[Row]]:
    """The rows of a page by day. The last day of a full page may go on; the next page begins with it."""
    days = [list(of_day) for _, of_day in groupby(rows, key=itemgetter("day"))]
    return days[:-1] if len(days) > 1 and len(rows) == FILE_EVENTS else days


def _is_next(row: Row, next_of: dict[str, int]) -> bool:
    """Whether the event may go: it is settled, and is the first that is left of its customer.

    `next_of` has the first that is left of the customers that were asked for before.
    """
    customer_id = row["customer_id"]
    first = next_of.setdefault(customer_id, row["oldest_left"])
    if not row["is_settled"] or row["sequence"] != first:
        return False
    next_of[customer_id] = first + 1
    return True


def manifest_key(file: Row) -> str:
    """The key of a file's manifest."""
    return str(file["object_key"]).removesuffix(".jsonl.gz") + ".manifest.json"


def _manifest(file: Row) -> dict[str, Any]:
    names = ("archive_id", "consumer_id", "consumer_name", "day", "object_key")
    return {
        **{name: file[name] for name in names},
        "format": "JSON lines, UTF-8, gzip",
        "lines": file["event_count"],
        "sha256": file["sha256"],
        "content_sha256": file["content_sha256"],
    }
