"""What failed, grouped by its cause: function, stage, type and code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from chalicelib.appevents.console import uploads
from chalicelib.appevents.console.streams import UPLOAD, UPLOADS, event_types, names, stream_of
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
GROUPS = 200
MOST = 10_000
"""So many failures of a kind are looked at."""
BEGINNING = datetime.min.replace(tzinfo=UTC)


def group_failures(
    db: Database, videos: Callable[[], Database], since: datetime | None, stream: str | None
) -> dict[str, Any]:
    """The largest groups of failures since then, and the rest as one; of one stream, or of all."""
    wanted = {
        "since": since or BEGINNING,
        "most": MOST,
        "streams": names() if stream is None else [stream],
        "types": None if stream is None else [e for e in event_types() if stream_of(e) == stream],
    }
    rejected = db.fetch_all(SQL["rejected"], wanted, revive=True)
    letters = db.fetch_all(SQL["letters"], wanted)
    failed = []
    if stream in (None, UPLOADS):
        failed = videos().fetch_all(uploads.SQL["failures"], wanted, revive=True)
    groups = [
        *(_group(stream_of(row["event_type"]), row["stage"], row) for row in rejected),
        *(_group(row["stream"], "dead_lettered", row) for row in letters if not row["is_told"]),
        *(_group(UPLOADS, "failed", {**row, "event_type": UPLOAD}) for row in failed),
    ]
    groups.sort(key=lambda group: (-group["events"], -group["last_at"].timestamp()))
    rest = groups[GROUPS:]
    return {
        "groups": groups[:GROUPS],
        "rest": {"events": sum(each["events"] for each in rest), "groups": len(rest)}
        if rest
        else None,
        "truncated": any(row["is_cut"] for row in (*rejected, *letters, *failed)),
        "as_of": datetime.now(UTC),
    }


def _group(stream: str, stage: str, row: Row) -> dict[str, Any]:
    told = ("event_type", "reason", "events", "first_at", "last_at", "sample_event_id")
    cause = json.dumps([stream, stage, row["event_type"], row["reason"]])
    return {
        "failure_group": hashlib.md5(cause.encode(), usedforsecurity=False).hexdigest()[:16],
        "stream": stream,
        "stream_name": stream,
        "stage": stage,
        **{name: row[name] for name in told},
        "customers": None,
    }
