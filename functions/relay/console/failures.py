"""What was refused or expired, grouped by its cause."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from chalicelib.relay.console.lanes import Lanes, read_lanes
from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
GROUPS = 200
MOST = 20_000
"""So many failures are looked at, the newest of each lane."""


def group_failures(db: Database, stream: int | None, since: datetime | None) -> dict[str, Any]:
    """The largest groups of failures of events since then, and the rest as one."""
    as_of, lanes = datetime.now(UTC), read_lanes(db)
    chosen = [lane for lane in lanes if stream in (None, lane)]
    share = max(1, MOST // max(len(chosen), 1))
    asked = {"lanes": chosen, "since": since, "groups": GROUPS, "share": share}
    groups, rest, truncated = list[dict[str, Any]](), None, False
    for row in db.fetch_all(SQL["group"], asked):
        truncated = truncated or row["is_cut"]
        if row["lane_id"] is None:
            rest = {"events": row["events"], "groups": row["groups"]}
        else:
            groups.append(_group(row, lanes))
    return {"groups": groups, "rest": rest, "truncated": truncated, "as_of": as_of}


def _group(row: Row, lanes: Lanes) -> dict[str, Any]:
    lane = row["lane_id"]
    return {
        "failure_group": row["failure_group"],
        "stream": str(lane),
        "stream_name": lanes[lane].name,
        "stage": row["stage"],
        "event_type": row["event_type"],
        "reason": row["reason"],
        "events": row["events"],
        "customers": None,
        "first_at": row["first_at"],
        "last_at": row["last_at"],
        "sample_event_id": f"{row['sample']}-{lane}",
    }
