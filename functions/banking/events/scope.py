"""The choice of events for a request or a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from fintegrate.errors import NotFound
from fintegrate.http.endpoint import Call


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
