"""Nudges a queue function: a message that says only that there is something to do.

What that is stands in the database, so a nudge that is lost, repeated or forged does no harm. A schedule
finds the same work within a minute, so an older nudge is worth nothing.
"""

from __future__ import annotations

import logging
import time
import uuid

from fintegrate.messaging.broker import BrokerUnavailable
from fintegrate.messaging.message import Message, MessageProperties
from fintegrate.messaging.publisher import Publisher
from fintegrate.messaging.topology import Queue, declare
from fintegrate.outcome import Result

WORTHLESS_AFTER_MS = 60_000
ARGUMENTS = {
    "x-queue-type": "quorum",
    "x-message-ttl": WORTHLESS_AFTER_MS,
    "x-max-length": 100,
    "x-overflow": "drop-head",
}
log = logging.getLogger(__name__)


def nudge(publisher: Publisher, url: str, queue: str, body: bytes, seconds: float, by: str) -> bool:
    """Publish a nudge within `seconds`, and declare its queue if it is missing.

    `by` names the service that nudges. Returns whether the broker has it. If it has not, the schedule
    does the same work.
    """
    properties = MessageProperties(str(uuid.uuid4()), "nudge", by, int(time.time()), {})
    messages = [Message("", queue, body, properties, order_key=queue)]
    (outcome,) = publisher.publish(messages, seconds)
    if outcome.result is Result.UNROUTABLE:
        try:
            declare(url, "", [Queue(queue, [], ARGUMENTS)], seconds)
        except BrokerUnavailable as error:
            log.warning("queue %s not declared: %s", queue, error)
            return False
        (outcome,) = publisher.publish(messages, seconds)
    if outcome.result is not Result.CONFIRMED:
        log.warning("%s was not nudged: %s", queue, outcome.reason)
    return outcome.result is Result.CONFIRMED
