"""What requests for snapshots take and what their answers give."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from chalicelib.customer.models import CustomerRef, Limit
from fintegrate.envelope import AnswerModel


class SnapshotFilter(CustomerRef):
    """Whose snapshots to list."""

    limit: Limit = 50
    cursor: str | None = None


class Change(AnswerModel):
    """A value before and after; null where there was none."""

    before: str | int | None = Field(alias="from")
    to: str | int | None


class TagChanges(AnswerModel):
    """Tags by key, with their values."""

    added: dict[str, str]
    removed: dict[str, str]
    changed: dict[str, Change]


class Changes(AnswerModel):
    """What differs from the snapshot before; metrics by name."""

    tags: TagChanges
    metrics: dict[str, Change]


class Snapshot(AnswerModel):
    """A customer as it was at one time; `changed` is null in its first snapshot."""

    snapshot_id: UUID
    snapshot_at: datetime
    tags: dict[str, str]
    metrics: dict[str, str | int]
    changed: Changes | None


class SnapshotPage(AnswerModel):
    """Snapshots, newest first; `next_cursor` is null on the last page."""

    snapshots: list[Snapshot]
    next_cursor: str | None
