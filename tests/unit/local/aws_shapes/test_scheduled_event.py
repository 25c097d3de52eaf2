from __future__ import annotations

from datetime import UTC, datetime

from chalice.app import CloudWatchEvent

from local.aws_shapes.scheduled_event import scheduled_event


def test_event_is_what_chalice_expects() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    event = CloudWatchEvent(scheduled_event("resend", moment), None)

    assert (event.source, event.detail_type) == ("aws.events", "Scheduled Event")
    assert event.time == "2026-01-02T03:04:05Z"
    assert event.resources[0].endswith(":rule/resend")
