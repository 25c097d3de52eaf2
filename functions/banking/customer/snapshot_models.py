"""What requests for snapshots take and what their answers give."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.banking.customer.models import CustomerRef
from chalicelib.banking.customer.tag_models import Tags
from fintegrate.http.cursors import Cursor, Limit, NextCursor


class SnapshotFilter(CustomerRef):
    """Whose snapshots to list."""

    limit: Limit = 50
    cursor: Cursor | None = None


class Change(TypedDict):
    """A value before and after; null where there was none."""

    before: Annotated[str | int | None, Field(alias="from")]
    to: str | int | None


class TagChanges(TypedDict):
    """Tags by key, with their values."""

    added: dict[str, str]
    removed: dict[str, str]
    changed: dict[str, Change]


class Changes(TypedDict):
    """What differs from the snapshot before; metrics by name."""

    tags: TagChanges
    metrics: dict[str, Change]


class Snapshot(TypedDict):
    """A customer as it was at one time; `changed` is null in its first snapshot."""

    snapshot_id: UUID
    snapshot_at: datetime
    tags: Tags
    metrics: dict[str, str | int]
    changed: Changes | None


class SnapshotPage(TypedDict):
    """Snapshots, newest first; `next_cursor` is null on the last page."""

    snapshots: list[Snapshot]
    next_cursor: NextCursor
