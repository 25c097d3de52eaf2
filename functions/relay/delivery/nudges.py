"""Nudges the function `relay_deliver` after events were accepted; the schedule finds them anyway."""

from __future__ import annotations

from chalicelib.relay.configuration import SERVICE, Configuration
from fintegrate.messaging import nudges
from fintegrate.messaging.publisher import Publisher

QUEUE = "relay_nudge"


def nudge(publisher: Publisher, settings: Configuration) -> None:
    """Ask for a run of the delivery. Never raises; costs nothing while the broker is away."""
    seconds = settings.publish_timeout_ms / 1000
    nudges.nudge(publisher, settings.rabbitmq_url, QUEUE, b"{}", seconds, SERVICE)
