"""Nudges the function `broker_admin` through its queue, with the errand that it has."""

from __future__ import annotations

import json
from typing import Literal

from chalicelib.banking.configuration import SERVICE
from fintegrate.messaging import nudges
from fintegrate.messaging.publisher import Publisher

QUEUE = "broker_admin"
Errand = Literal["settle", "observe"]


def nudge(publisher: Publisher, rabbitmq_url: str, seconds: float, errand: Errand) -> bool:
    """Publish a nudge within `seconds`; returns whether the broker has it.

    If it has not, the next nudge of the schedule `observe_broker` does the same.
    """
    body = json.dumps({"errand": errand}).encode()
    return nudges.nudge(publisher, rabbitmq_url, QUEUE, body, seconds, SERVICE)


def errand_of(body: bytes) -> Errand:
    """What a nudge is for; what cannot be read is the smaller one."""
    try:
        said = json.loads(body).get("errand")
    except (ValueError, AttributeError):
        said = None
    return "observe" if said == "observe" else "settle"
