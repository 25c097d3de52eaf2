"""What failed, grouped by its cause. The statements' head says how to find the events of a group."""

from __future__ import annotations

from datetime import UTC, datetime

from fintegrate.database import Database, Row
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
GROUPS = 200
MOST = 50_000
"""So many failed events are looked at."""
BEGINNING = datetime.min.replace(tzinfo=UTC)


def group_failures(db: Database, consumer_id: str | None, since: datetime | None) -> Row:
    """The largest groups of failures of events since then, and the rest as one."""
    as_of = datetime.now(UTC)
    scope = {"consumer_id": consumer_id, "since": since or BEGINNING}
    rows = db.fetch_all(SQL["group_failures"], {**scope, "groups": GROUPS, "most": MOST})
    groups, rest = list[Row](), None
    for row in rows:
        count = row.pop("groups")
        if row["failure_group"] is None:
            rest = {"events": row["events"], "groups": count}
        else:
            groups.append(row)
    truncated = sum(row["events"] for row in rows) >= MOST
    return {"groups": groups, "rest": rest, "truncated": truncated, "as_of": as_of}
