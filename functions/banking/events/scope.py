"""The choice of events for a request or a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from fintegrate.database import Database
from fintegrate.errors import NotFound
from fintegrate.http.endpoint import Call
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


class Scope(NamedTuple):
    """A sweep's filter; None means no limit. `max_try_count`: only events with fewer tries."""

    consumer_id: str | None = None
    event_types: Sequence[str] | None = None
    since: datetime | None = None
    max_try_count: int | None = None


def since_days(days: int) -> datetime:
    """The time `days` ago."""
    return datetime.now(UTC) - timedelta(days=days)


def scope_of(call: Call[Any], wanted: UUID | None = None) -> str | None:
    """The consumer whose events the request may see: the caller. The admin's None means all.

    Raises:
        NotFound: a tenant asks for another tenant.
    """
    if call.caller.is_admin:
        return None if wanted is None else str(wanted)
    if wanted is not None and str(wanted) != call.caller.owner_id:
        raise NotFound("No such consumer; check consumer_id")
    return call.caller.owner_id


def whose(db: Database, filters: Mapping[str, Any]) -> str | None:
    """The one consumer that an act on chosen events concerns, for the audit log; None for several."""
    if filters["consumer_id"] is not None or not filters["event_ids"]:
        owner: str | None = filters["consumer_id"]
        return owner
    owners = db.fetch_all(SQL["owners"], filters, revive=not db.in_transaction)
    return str(owners[0]["consumer_id"]) if len(owners) == 1 else None
