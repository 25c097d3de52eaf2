"""Resend: the choice of pending events to publish, for the endpoint and the schedule."""

from __future__ import annotations

from typing import Any

from chalicelib.banking.configuration import Configuration
from chalicelib.banking.events.scope import Scope
from fintegrate.queries import queries_beside

SQL = queries_beside(__file__)
LISTED = {"event_id": "event_id", "event_type": "event_type", "try_count": "publish_try_count"}
"""A failed event's facts in the answer, and their columns."""


def resend_filters(settings: Configuration, scope: Scope) -> dict[str, Any]:
    return {
        **scope._asdict(),
        "handoff_seconds": settings.publish_handoff_seconds,
        "max_tries": settings.publish_max_tries,
    }
