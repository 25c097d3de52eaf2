"""Nudges the function `deliver_webhooks_nudged` after a commit; the schedule finds the event anyway."""

from __future__ import annotations

from chalicelib.banking.configuration import SERVICE
from fintegrate.messaging import nudges
from fintegrate.messaging.publisher import Publisher

QUEUE = "banking_webhooks"
SECONDS = 0.05
"""What a nudge may add to a request."""


def nudge(publisher: Publisher, rabbitmq_url: str) -> int:
    """Ask for a run of the webhooks. Never raises; costs nothing while the broker is away.

    Usually it waits for no confirm. Returns how many nudges are now known to be lost.
    """
    return nudges.post(publisher, rabbitmq_url, QUEUE, b"{}", SECONDS, SERVICE)
