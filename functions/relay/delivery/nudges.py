"""Nudges the function `relay_deliver` after events were accepted; the schedule finds them anyway."""

from __future__ import annotations

from chalicelib.relay.configuration import SERVICE
from chalicelib.relay.wiring import parts
from fintegrate.messaging import nudges

QUEUE = "relay_nudge"


def nudge() -> None:
    """Ask for a run of the delivery. Never raises; costs nothing while the broker is away."""
    own = parts()
    settings = own.settings
    seconds = settings.publish_timeout_ms / 1000
    nudges.nudge(own.publisher, settings.rabbitmq_url, QUEUE, b"{}", seconds, SERVICE)
