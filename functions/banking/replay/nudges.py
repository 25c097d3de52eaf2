"""Nudges the worker of replays through its queue, so that a job starts at once."""

from __future__ import annotations

from chalicelib.banking.configuration import SERVICE, Configuration
from fintegrate.messaging import nudges
from fintegrate.messaging.publisher import Publisher

QUEUE = "banking_replays"


def nudge(publisher: Publisher, settings: Configuration) -> bool:
    """Publish a nudge; returns whether the broker has it. The schedule does the same work."""
    seconds = settings.publish_timeout_ms / 1000
    return nudges.nudge(publisher, settings.rabbitmq_url, QUEUE, b"{}", seconds, SERVICE)
