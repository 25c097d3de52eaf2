"""Writes exports file by file, each named in the database before it is written.

A file is made of pages in memory, written, read back and compared; then the job goes on behind it, in
one statement. So a kill repeats at most one file. Its name has the hash of its content, so a worker that
lost its job cannot change a file that another has written, and deletes what it has written too late. The
manifest comes last.

Leaves the job's beginning to `chalicelib.banking.leaving.exports`.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from chalicelib.banking.customer.snapshots import rebuilt
from chalicelib.banking.leaving.exports import KINDS, export_manifest_key
from fintegrate.database import Database, Row
from fintegrate.http.envelope import dumps
from fintegrate.queries import queries_beside
from fintegrate.storage.json_lines import Differs, File, Lines, digest, store_compared
from fintegrate.storage.store import Store, StoreAway

SQL = queries_beside(__name__)
LEASE_SECONDS = 120.0
"""More than a file's pages and the calls to the store may take together."""
QUIET_SECONDS = 2.0
"""So long after the cut whoever took a time before it has its transaction's number."""
POLL_SECONDS = 0.2
MANIFEST = "manifest"
AWAY = "the object store does not answer"
DIFFERS = "the object store gave back something else than was written"
QUIET = "transactions that began before it"
REMOVED_AT_ONCE = 20

log = logging.getLogger(__name__)


class _Kind(NamedTuple):
    """How one kind of data is read and written."""

    rows: int
    """Of a page. With the largest rows it fits into memory."""
    place: tuple[str | None, str]
    """The columns with the time and the id where a page ends."""
    lines: Callable[[Row], Iterable[Row]]


def _as_it_is(row: Row) -> Iterable[Row]:
    return (row,)


def _tags(row: Row) -> Iterable[Row]:
    return ({"customer_id": row["customer_id"], **tag} for tag in row["of_customer"])


def _snapshot(row: Row) -> Iterable[Row]:
    former, whole = row.pop("former") or [], row["whole"]
    made = row if whole else rebuilt([row, *former])[0]
    del made["whole"]
    return (made,)


READ = {
    "customers": _Kind(2_000, ("created_at", "customer_id"), _as_it_is),
    "tags": _Kind(200, ("created_at", "customer_id"), _tags),
    "snapshots": _Kind(20, ("snapshot_at", "snapshot_id"), _snapshot),
    "events": _Kind(2_000, ("created_at", "event_id"), _as_it_is),
    "receipts": _Kind(2_000, (None, "event_id"), _as_it_is),
}


@dataclass
class Worked:
    """The counts of a run."""

    jobs: int = 0
    files: int = 0
    done: int = 0
    removed: int = 0


class _Lost(Exception):
    """Another worker has the job, or it was ended with its bank."""


class ExportWorker:
    """Works on the jobs of all banks; `database` must be in no transaction."""

    def __init__(self, database: Database, store: Store, *, keep_days: int) -> None:
        self._db = database
        self._store = store
        self._keep_days = keep_days
        self._worker = {"worker_id": str(uuid.uuid4()), "lease_seconds": LEASE_SECONDS}
        self._worked = Worked()

    def run(self, seconds: float, now: datetime | None = None) -> Worked:
        """Work on one job after the other for at most `seconds` and one file; delete what is old.

        `now` is the time from which the age of files counts.
        """
        deadline = time.monotonic() + seconds
        self._remove_old(now or datetime.now(UTC))
        left_out: list[str] = []
        while time.monotonic() < deadline:
            take = {**self._worker, "left_out": left_out}
            job = self._db.fetch_one(SQL["take"], take, revive=True)
            if job is None:
                break
            left_out.append(job["export_id"])
            self._worked.jobs += 1
            self._work_on(job, deadline)
        return self._worked

    def _work_on(self, job: Row, deadline: float) -> None:
        waits_for: str | None = None
        try:
            if not self._wait_until_quiet(job, deadline):
                waits_for = QUIET
            while waits_for is None and job["kind"] != MANIFEST:
                if time.monotonic() >= deadline:
                    break
                self._write_file(job)
            if waits_for is None and job["kind"] == MANIFEST:
                self._finish(job)
        except StoreAway:
            waits_for = AWAY
        except Differs:
            log.exception("export %s", job["export_id"])
            waits_for = DIFFERS
        except _Lost:
            log.warning("export %s is not this worker's any more", job["export_id"])
        self._db.execute(
            SQL["release"], {**self._worker, "export_id": job["export_id"], "waits_for": waits_for}
        )

    def _wait_until_quiet(self, job: Row, deadline: float) -> bool:
        of_job = {"export_id": job["export_id"], "seconds": QUIET_SECONDS}
        while True:
            self._db.execute(SQL["note_cut"], of_job)
            if self._db.fetch_all(SQL["is_quiet"], of_job)[0]["quiet"]:
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL_SECONDS)

    def _write_file(self, job: Row) -> None:
        """Write the next file of the job's kind; behind the kind's last row the next kind begins."""
        kind, lines = job["kind"], Lines()
        ended = self._fill(job, lines)
        number, key = job["file_count"], None
        if lines.count:
            number += 1
            key = self._store_file(job, number, kind, lines.file())
        if ended:
            job |= {"kind": _after(kind), "after_at": None, "after_id": None}
        if not self._advance(job, number):
            self._take_back(job, key)
            raise _Lost

    def _fill(self, job: Row, lines: Lines) -> bool:
        """Add pages until the file is full; returns whether the kind has ended."""
        read = READ[job["kind"]]
        for rows in self._pages(job, read):
            lines.add(dumps(line) for row in rows for line in read.lines(row))
            if lines.is_full:
                return False
        return True

    def _pages(self, job: Row, read: _Kind) -> Iterator[list[Row]]:
        at, row_id = read.place
        while True:
            rows = self._db.fetch_all(SQL[job["kind"]], {**job, "limit": read.rows}, revive=True)
            if rows:
                last = rows[-1]
                job |= {"after_at": last[at] if at else None, "after_id": last[row_id]}
                yield rows
            if len(rows) < read.rows:
                return

    def _store_file(self, job: Row, number: int, kind: str, file: File) -> str:
        """Name and write a file; returns its key."""
        key = f"exports/{job['export_id']}/{number:06}-{kind}-{file.sha256[:16]}.jsonl.gz"
        named = {
            **self._worker,
            "export_id": job["export_id"],
            "number": number,
            "kind": kind,
            "object_key": key,
            "line_count": file.lines,
            "size_bytes": len(file.body),
            "sha256": file.sha256,
        }
        announced = self._db.fetch_one(SQL["announce"], named)
        if announced is None:
            raise _Lost
        if announced["former_key"]:
            self._store.delete(announced["former_key"])
        store_compared(self._store, key, file.body)
        return key

    def _take_back(self, job: Row, key: str | None) -> None:
        """Delete what was written too late, if it is no file of the job: another worker writes those."""
        of_file = {
            "export_id": job["export_id"],
            "object_key": key,
            "is_manifest": key == export_manifest_key(job["export_id"]),
        }
        if key is not None and self._db.fetch_one(SQL["is_kept"], of_file) is None:
            self._store.delete(key)

    def _advance(self, job: Row, number: int) -> bool:
        """Go on behind a file; False if the job is lost."""
        told = {
            **self._worker,
            **{name: job[name] for name in ("export_id", "after_at", "after_id")},
            "next_kind": job["kind"],
            "file_count": number,
        }
        if self._db.fetch_one(SQL["advance"], told) is None:
            return False
        self._worked.files += number - job["file_count"]
        job["file_count"] = number
        return True

    def _finish(self, job: Row) -> None:
        self._db.execute(SQL["borrow_archives"], job)
        files = self._db.fetch_all(SQL["files"], {"export_id": job["export_id"]})
        body = dumps(_manifest(job, files)).encode()
        key = export_manifest_key(job["export_id"])
        store_compared(self._store, key, body, "application/json")
        told = {"export_id": job["export_id"], "manifest_key": key, "manifest_sha256": digest(body)}
        if not self._db.execute(SQL["finish"], {**self._worker, **told}):
            self._take_back(job, key)
            raise _Lost
        self._worked.done += 1

    def _remove_old(self, now: datetime) -> None:
        """Delete the files of old exports. What the store keeps from us goes another time."""
        wanted = {"now": now, "days": self._keep_days, "limit": REMOVED_AT_ONCE}
        try:
            for job in self._db.fetch_all(SQL["old"], wanted, revive=True):
                for key in (job["manifest_key"], *job["object_keys"]):
                    self._store.delete(key)
                self._worked.removed += self._db.execute(
                    SQL["removed"], {"export_id": job["export_id"]}
                )
        except StoreAway:
            log.warning("old exports are not removed: %s", AWAY)


def _after(kind: str) -> str:
    """The kind that follows."""
    return dict(zip(KINDS, (*KINDS[1:], MANIFEST), strict=True))[kind]


def _manifest(job: Row, files: list[Row]) -> dict[str, Any]:
    """What the manifest says. It is the same whenever it is written."""
    named = [
        {
            "name": file["object_key"],
            "kind": file["kind"],
            "lines": file["line_count"],
            "size_bytes": file["size_bytes"],
            "sha256": file["sha256"],
        }
        for file in files
    ]
    counts = dict.fromkeys((*KINDS, "archived_events"), 0)
    for file in named:
        counts[file["kind"]] += file["lines"]
    return {
        "export_id": job["export_id"],
        "consumer_id": job["consumer_id"],
        "consumer_name": job["consumer_name"],
        "cut_at": job["cut_at"],
        "format": "JSON lines, UTF-8, gzip",
        "counts": counts,
        "files": named,
    }
