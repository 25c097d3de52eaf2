"""Resend: which pending events are published, for the endpoint and for the schedule."""

from __future__ import annotations

from typing import Any

from chalicelib.banking.configuration import Configuration
from chalicelib.banking.events.scope import Scope
from fintegrate.queries import queries_beside

SQL = queries_beside(__file__)
LISTED = {"event_id": "event_id", "event_type": "event_type", "try_count": "publish_try_count"}
"""What an answer tells of an event that failed, and from which column."""


def resend_filters(settings: Configuration, scope: Scope) -> dict[str, Any]:
    """The parameters of the resend statements."""
    return {
        **scope._asdict(),
        "handoff_seconds": settings.publish_handoff_seconds,
        "max_tries": settings.publish_max_tries,
    }
