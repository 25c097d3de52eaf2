"""Which events a request or a sweep is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from fintegrate.errors import NotFound
from fintegrate.http.endpoint import Call


class Scope(NamedTuple):
    """What a sweep looks at; None means no bound. `max_try_count`: only what was tried less often."""

    consumer_id: str | None = None
    event_types: Sequence[str] | None = None
    since: datetime | None = None
    max_try_count: int | None = None


def since_days(days: int) -> datetime:
    """The beginning of a period of so many days that ends now."""
    return datetime.now(UTC) - timedelta(days=days)


def scope_of(call: Call[Any], wanted: UUID | None = None) -> str | None:
    """The consumer whose events a request is about: the caller's own; None is all, for the admin.

    Raises:
        NotFound: a tenant asks for another one.
    """
    if call.caller.is_admin:
        return None if wanted is None else str(wanted)
    if wanted is not None and str(wanted) != call.caller.owner_id:
        raise NotFound("No such consumer; check consumer_id")
    return call.caller.owner_id
