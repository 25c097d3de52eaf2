"""Sends the rows of an outbox to RabbitMQ: compose, publish with confirms, restore lost queues.

Leaves to others how a row becomes a message (`compose`) and which queues exist (`declare`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from fintegrate.database import Row
from fintegrate.messaging.message import Message
from fintegrate.messaging.publisher import Publisher
from fintegrate.outcome import Outcome, Result


class RabbitSender:
    """Publishes rows in order per key, and declares missing queues.

    `declare` declares the queues of rows. It is called for rows that the broker could not route, and
    they are then sent once more.
    """

    outages = frozenset({Result.UNCONFIRMED, Result.UNSENT})

    def __init__(
        self,
        publisher: Publisher,
        compose: Callable[[Row], Message],
        declare: Callable[[Sequence[Row]], None],
    ) -> None:
        self._publisher = publisher
        self._compose = compose
        self._declare = declare

    def send(self, rows: Sequence[Row], seconds: float) -> list[Outcome]:
        """Publish rows within `seconds`; returns the outcomes in the order of the rows."""
        deadline = time.monotonic() + seconds
        messages = [self._compose(row) for row in rows]
        outcomes = self._publisher.publish(messages, seconds)
        lost = _without_queue(messages, outcomes)
        if lost:
            self._declare([rows[index] for index in lost])
            left = max(0.05, deadline - time.monotonic())
            again = self._publisher.publish([messages[index] for index in lost], left)
            for index, outcome in zip(lost, again, strict=True):
                outcomes[index] = outcome
        return outcomes


def _without_queue(messages: Sequence[Message], outcomes: Sequence[Outcome]) -> list[int]:
    """The indexes of unroutable messages, and of those held back behind them."""
    keys = {
        message.order_key
        for message, outcome in zip(messages, outcomes, strict=True)
        if outcome.result is Result.UNROUTABLE
    }
    return [
        index
        for index, message in enumerate(messages)
        if message.order_key in keys and outcomes[index].result is not Result.CONFIRMED
    ]
