"""A bank's export as requests make and read it.

The manifest is written last, so an export that has one is whole. Its files hold what was written until
`cut_at`: no event or receipt of a later time. A customer, a tag or a receipt that changed after that
stands there as it is when its page is read. A bank that must not change meanwhile is deactivated first.

Leaves the writing of its files to `chalicelib.banking.leaving.export_worker`.
"""

from __future__ import annotations

import uuid
from typing import Any

from chalicelib.banking.leaving.models import ExportRef, ExportWanted
from fintegrate.database import Database, Row, UniqueViolation
from fintegrate.errors import Conflict, NotFound
from fintegrate.http.audit import Audited
from fintegrate.queries import queries_beside
from fintegrate.storage.store import Store

SQL = queries_beside(__name__)
KINDS = ("customers", "tags", "snapshots", "events", "receipts")
"""In the order in which they are written."""
URL_SECONDS = 900
"""How long what an answer links can be fetched."""
NO_CONSUMER = "No such consumer; check consumer_id"
NO_EXPORT = "No such export; make one with POST /consumer/export"
RUNS = "An export of this consumer is not done yet; GET /consumer/export shows it"


def make(
    db: Database, wanted: ExportWanted, consumer_id: str, who: tuple[str, str], store: Store
) -> Row:
    """Write a job; returns it. `db` is in a transaction; `who` is person and request.

    Raises:
        NotFound: there is no such consumer.
        Conflict: another export of it is not done.
    """
    if db.fetch_one(SQL["lock_bank"], {"consumer_id": consumer_id}) is None:
        raise NotFound(NO_CONSUMER)
    job = {
        "export_id": str(uuid.uuid4()),
        "consumer_id": consumer_id,
        "reason": wanted.reason,
        "actor": who[0],
        "request_id": who[1],
    }
    try:
        db.execute(SQL["make"], job)
    except UniqueViolation as error:
        raise Conflict(RUNS) from error
    return read(db, ExportRef(export_id=uuid.UUID(job["export_id"])), consumer_id, store)


def read(db: Database, wanted: ExportRef, consumer_id: str | None, store: Store) -> Row:
    """Read an export with a page of its files and their links.

    Raises:
        NotFound: there is none in this scope.
    """
    export_id = str(wanted.export_id) if wanted.export_id else None
    job = db.fetch_one(SQL["find"], {"export_id": export_id, "consumer_id": consumer_id})
    if job is None:
        raise NotFound(NO_EXPORT)
    of_job = {"export_id": job["export_id"]}
    sums = {row.pop("kind"): row for row in db.fetch_all(SQL["sums"], of_job)}
    page = {**of_job, "after": wanted.after, "limit": wanted.limit}
    files = [] if job["removed_at"] else db.fetch_all(SQL["files"], page)
    more = len(files) > wanted.limit
    files = files[: wanted.limit]
    return {
        **_linked(job, files, store),
        "written": sums,
        "next_after": files[-1]["number"] if more else None,
    }


def told(job: Row, reason: str | None) -> Audited:
    """What the audit log keeps of an export."""
    details = {"export_id": job["export_id"], "cut_at": job["cut_at"]}
    return Audited(reason or "export", job["consumer_id"], details)


def export_manifest_key(export_id: str) -> str:
    """The key of an export's manifest, whether it is written or not."""
    return f"exports/{export_id}/manifest.json"


def _linked(job: Row, files: list[Row], store: Store) -> dict[str, Any]:
    """The job and its files with links; keys of objects stay here."""
    url_of = store.signer.for_reading(URL_SECONDS)
    key, sha256 = job.pop("manifest_key"), job.pop("manifest_sha256")
    is_there = key is not None and job["removed_at"] is None
    return {
        **job,
        "manifest": {"sha256": sha256, "url": url_of(key)} if is_there else None,
        "files": [{**file, "url": url_of(file.pop("object_key"))} for file in files],
        "links_end_after_seconds": URL_SECONDS,
    }
