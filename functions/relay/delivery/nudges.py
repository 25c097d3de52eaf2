"""Nudges the function `relay_deliver` after events were accepted; the schedule finds them anyway."""

from __future__ import annotations

from chalicelib.relay.configuration import SERVICE, Configuration
from chalicelib.relay.counters import NUDGES_LOST
from fintegrate.messaging import nudges
from fintegrate.messaging.publisher import Publisher
from fintegrate.metrics_store import Metrics

QUEUE = "relay_nudge"


def nudge(publisher: Publisher, settings: Configuration, metrics: Metrics) -> None:
    """Ask for a run of the delivery. Never raises; costs nothing while the broker is away.

    Usually it waits for no confirm, so that a lost one is counted by the next.
    """
    seconds = settings.publish_timeout_ms / 1000
    lost = nudges.post(publisher, settings.rabbitmq_url, QUEUE, b"{}", seconds, SERVICE)
    if lost:
        metrics.count(NUDGES_LOST, by=lost)
