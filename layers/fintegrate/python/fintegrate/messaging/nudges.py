"""Nudges a queue function: a message that says only that there is something to do.

What that is stands in the database, so a nudge that is lost, repeated or forged does no harm. A schedule
finds the same work within a minute, so an older nudge is worth nothing. However many come together, one
run is enough: `@batch_function(QUEUE, batch=TOGETHER)`. A run for each would outlast the function.
"""

from __future__ import annotations

import logging
import time
import uuid

import pika

from fintegrate.messaging.broker import BrokerUnavailable
from fintegrate.messaging.message import Message, MessageProperties
from fintegrate.messaging.publisher import Publisher
from fintegrate.messaging.topology import Queue, declare
from fintegrate.outcome import Outcome, Result

WORTHLESS_AFTER_MS = 60_000
TOGETHER = 100
"""As many wait at most, and an event source of AWS hands over so many unless told otherwise."""
ARGUMENTS = {
    "x-queue-type": "quorum",
    "x-message-ttl": WORTHLESS_AFTER_MS,
    "x-max-length": TOGETHER,
    "x-overflow": "drop-head",
}
log = logging.getLogger(__name__)


def nudge(publisher: Publisher, url: str, queue: str, body: bytes, seconds: float, by: str) -> bool:
    """Publish a nudge within `seconds`, and declare its queue if it is missing.

    `by` names the service that nudges. Returns whether the broker has it. If it has not, the schedule
    does the same work.
    """
    message = _message(queue, body, by)
    (outcome,) = publisher.publish([message], seconds)
    return _arrived(publisher, url, message, seconds, outcome)


def post(publisher: Publisher, url: str, queue: str, body: bytes, seconds: float, by: str) -> int:
    """Publish a nudge as `nudge` does, but wait for no confirm where the connection has proven itself.

    Returns how many nudges are now known to be lost: this one, if it was waited for, and the one before,
    if it was not. A missing queue is declared, if not by this nudge, then by the next.
    """
    message = _message(queue, body, by)
    before, now = publisher.post(message, seconds)
    lost = 0
    if before is not None and before.result is not Result.CONFIRMED:
        log.warning("%s was not nudged before: %s", queue, before.reason)
        lost += 1
    if now is not None and not _arrived(publisher, url, message, seconds, now):
        lost += 1
    return lost


def _message(queue: str, body: bytes, by: str) -> Message:
    mode = pika.DeliveryMode.Transient
    properties = MessageProperties(str(uuid.uuid4()), "nudge", by, int(time.time()), {}, mode)
    return Message("", queue, body, properties, order_key=queue)


def _arrived(
    publisher: Publisher, url: str, message: Message, seconds: float, outcome: Outcome
) -> bool:
    """Whether the broker has it, after a second try if its queue was missing."""
    queue = message.routing_key
    if outcome.result is Result.UNROUTABLE:
        try:
            declare(url, "", [Queue(queue, [], ARGUMENTS)], seconds)
        except BrokerUnavailable as error:
            log.warning("queue %s not declared: %s", queue, error)
            return False
        (outcome,) = publisher.publish([message], seconds)
    if outcome.result is not Result.CONFIRMED:
        log.warning("%s was not nudged: %s", queue, outcome.reason)
    return outcome.result is Result.CONFIRMED
