"""Nudges the worker of replays through its queue, so that a job starts at once."""

from __future__ import annotations

from chalicelib.banking.configuration import SERVICE
from chalicelib.banking.wiring import parts
from fintegrate.messaging import nudges

QUEUE = "banking_replays"


def nudge() -> bool:
    """Publish a nudge; returns whether the broker has it. The schedule does the same work."""
    settings, publisher = parts().settings, parts().publisher
    seconds = settings.publish_timeout_ms / 1000
    return nudges.nudge(publisher, settings.rabbitmq_url, QUEUE, b"{}", seconds, SERVICE)
