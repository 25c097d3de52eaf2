"""Resend: the choice of pending events to publish, for the endpoint and the schedule."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from chalicelib.banking.configuration import Configuration
from chalicelib.banking.events.pauses import probe_paused_banks
from chalicelib.banking.events.scope import Scope
from fintegrate.outbox.summary import Summary
from fintegrate.outbox.sweep import Sweep
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
LISTED = {"event_id": "event_id", "event_type": "event_type", "try_count": "publish_try_count"}
"""A failed event's facts in the answer, and their columns."""


def resend_filters(
    settings: Configuration,
    scope: Scope,
    event_ids: list[str] | None = None,
    caused_by: str | None = None,
) -> dict[str, Any]:
    """The parameters of resend's statements; `caused_by` is the id of the request."""
    return {
        **scope._asdict(),
        "event_ids": event_ids,
        "by": "resend",
        "caused_by": caused_by,
        "handoff_seconds": settings.publish_handoff_seconds,
        "max_tries": settings.publish_max_tries,
        "probe": False,
        "probe_seconds": settings.publish_probe_seconds,
    }


def run_resend(
    sweep: Sweep, filters: Mapping[str, Any], seconds: float, *, counts: bool = True
) -> Summary:
    """Probe paused banks, then publish what is pending, for at most `seconds` plus one batch.

    Probes get half of the time at most: many paused banks must not stop the others.
    """
    deadline = time.monotonic() + seconds
    probe_paused_banks(sweep, filters, deadline - seconds / 2)
    return sweep.run(filters, deadline - time.monotonic(), counts=counts)
