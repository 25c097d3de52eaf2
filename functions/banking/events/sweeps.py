"""Resend and redeliver: which events each takes up, for the endpoints and for the schedules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib.banking.configuration import Configuration
from fintegrate.queries import load_queries

RESEND = load_queries(Path(__file__).with_name("resend.sql"))
REDELIVER = load_queries(Path(__file__).with_name("redeliver.sql"))
# What an answer tells of an event that failed, and the column that it is read from.
RESEND_LISTED = {
    "event_id": "event_id",
    "event_type": "event_type",
    "try_count": "publish_try_count",
}
REDELIVER_LISTED = {**RESEND_LISTED, "try_count": "deliver_try_count"}


class Scope(NamedTuple):
    """What a sweep looks at; None means no bound. `max_try_count`: only what was tried less often."""

    consumer_id: str | None = None
    event_types: Sequence[str] | None = None
    since: datetime | None = None
    max_try_count: int | None = None


def since_days(days: int) -> datetime:
    """The beginning of a period of so many days that ends now."""
    return datetime.now(UTC) - timedelta(days=days)


def resend_filters(settings: Configuration, scope: Scope) -> dict[str, Any]:
    """The parameters of the resend statements."""
    return {
        **scope._asdict(),
        "handoff_seconds": settings.publish_handoff_seconds,
        "max_tries": settings.publish_max_tries,
    }


def redeliver_filters(
    settings: Configuration,
    scope: Scope,
    event_ids: list[str] | None = None,
    *,
    include_failed: bool = False,
) -> dict[str, Any]:
    """The parameters of the redeliver statements."""
    return {
        **scope._asdict(),
        "event_ids": event_ids,
        "include_failed": include_failed,
        "grace_seconds": settings.delivery_grace_seconds,
    }
