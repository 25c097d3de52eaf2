"""Nudges the function `broker_admin` through its queue.

A nudge says only that there is something to do. What that is stands in the database, so a nudge that is
lost, repeated or forged does no harm. The schedule `observe_broker` nudges each minute.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from typing import Literal

from chalicelib.banking.configuration import SERVICE
from chalicelib.banking.events.topology import EXCHANGE
from fintegrate.messaging.broker import BrokerUnavailable
from fintegrate.messaging.message import Message, MessageProperties
from fintegrate.messaging.publisher import Publisher
from fintegrate.messaging.topology import Queue, declare
from fintegrate.outcome import Result

QUEUE = "broker_admin"
WORTHLESS_AFTER_MS = 60_000
"""The next nudge of the schedule follows within this time."""
ARGUMENTS = {
    "x-queue-type": "quorum",
    "x-message-ttl": WORTHLESS_AFTER_MS,
    "x-max-length": 100,
    "x-overflow": "drop-head",
}
Errand = Literal["settle", "observe"]

log = logging.getLogger(__name__)


def nudge(publisher: Publisher, rabbitmq_url: str, seconds: float, errand: Errand) -> bool:
    """Publish a nudge within `seconds`, and declare the queue if it is missing.

    Returns whether the broker has it. If it has not, the schedule's next nudge does the same.
    """
    messages = [_message(errand)]
    (outcome,) = publisher.publish(messages, seconds)
    if outcome.result is Result.UNROUTABLE:
        try:
            declare(rabbitmq_url, EXCHANGE, [Queue(QUEUE, [], ARGUMENTS)], seconds)
        except BrokerUnavailable as error:
            log.warning("queue %s not declared: %s", QUEUE, error)
            return False
        (outcome,) = publisher.publish(messages, seconds)
    if outcome.result is not Result.CONFIRMED:
        log.warning("%s was not nudged: %s", QUEUE, outcome.reason)
    return outcome.result is Result.CONFIRMED


def errand_of(body: bytes) -> Errand:
    """What a nudge is for; what cannot be read is the smaller one."""
    try:
        said = json.loads(body).get("errand")
    except (ValueError, AttributeError):
        said = None
    return "observe" if said == "observe" else "settle"


def _message(errand: Errand) -> Message:
    properties = MessageProperties(str(uuid.uuid4()), "nudge", SERVICE, int(time.time()), {})
    body = json.dumps({"errand": errand}).encode()
    return Message("", QUEUE, body, properties, order_key=QUEUE)
