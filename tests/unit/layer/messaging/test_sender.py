"""Sending rows to RabbitMQ: what had no queue is declared and sent once more, and only once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import pika

from fintegrate.database import Row
from fintegrate.messaging.message import Message
from fintegrate.messaging.publisher import Publisher
from fintegrate.messaging.sender import RabbitSender
from fintegrate.outcome import CONFIRMED, Outcome, Result

NO_QUEUE = Outcome(Result.UNROUTABLE, "NO_ROUTE")
BEHIND = Outcome(Result.HELD_BACK, "held back")


class Broker:
    """Answers each publish with what the test has prepared for it."""

    def __init__(self, *answers: list[Outcome]) -> None:
        self._answers: Iterator[list[Outcome]] = iter(answers)
        self.published: list[list[bytes]] = []
        self.declared: list[list[Row]] = []

    def publish(self, messages: Sequence[Message], _seconds: float) -> list[Outcome]:
        self.published.append([message.body for message in messages])
        return list(next(self._answers))

    def declare(self, rows: Sequence[Row]) -> None:
        self.declared.append(list(rows))


def compose(row: Row) -> Message:
    return Message("x", "k", row["text"], pika.BasicProperties(), row["lane"])


def sender(broker: Broker) -> RabbitSender:
    return RabbitSender(cast("Publisher", broker), compose, broker.declare)


def rows(*lanes: str) -> list[dict[str, Any]]:
    return [{"lane": lane, "text": f"{lane}{i}".encode()} for i, lane in enumerate(lanes)]


def test_lost_queue_is_declared_again() -> None:
    broker = Broker([CONFIRMED, NO_QUEUE, BEHIND], [CONFIRMED, CONFIRMED])
    letters = rows("a", "b", "b")

    outcomes = sender(broker).send(letters, 1)

    assert outcomes == [CONFIRMED] * 3
    assert broker.declared == [letters[1:]]
    assert broker.published == [[b"a0", b"b1", b"b2"], [b"b1", b"b2"]]


def test_second_failure_stands() -> None:
    broker = Broker([NO_QUEUE], [NO_QUEUE])

    assert sender(broker).send(rows("a"), 1) == [NO_QUEUE]
    assert len(broker.declared) == 1


def test_other_failures_declare_nothing() -> None:
    refused = Outcome(Result.NACKED, "nacked")
    broker = Broker([refused, BEHIND])

    assert sender(broker).send(rows("a", "a"), 1) == [refused, BEHIND]
    assert broker.declared == []
