"""Redeliver: the choice of published events to publish again, for the endpoint and the schedule."""

from __future__ import annotations

from typing import Any

from chalicelib.banking.configuration import Configuration
from chalicelib.banking.events.scope import Scope
from fintegrate.queries import queries_beside

SQL = queries_beside(__file__)
LISTED = {"event_id": "event_id", "event_type": "event_type", "try_count": "deliver_try_count"}
"""A failed event's facts in the answer, and their columns."""


def redeliver_filters(
    settings: Configuration,
    scope: Scope,
    event_ids: list[str] | None = None,
    *,
    include_failed: bool = False,
) -> dict[str, Any]:
    return {
        **scope._asdict(),
        "event_ids": event_ids,
        "include_failed": include_failed,
        "grace_seconds": settings.delivery_grace_seconds,
    }
