"""A broker connection that at most one process has at a time, for work that must not be done twice.

The lock is an exclusive queue: the broker gives it to one connection, and frees it only when that
connection has ended. Whoever holds the lock sends and deletes on the same connection. So a process that
lost the lock, even one that was frozen in between, can do nothing any more: its connection is gone. A
lock in the database does not have this property, because it ends with the database's connection.
Source: https://www.rabbitmq.com/docs/queues#exclusive-queues
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import pika

from fintegrate.messaging.broker import BrokerConnection, BrokerUnavailable
from fintegrate.messaging.topology import Queue


class ExclusiveConnection(BrokerConnection):
    """A connection with the lock `name`. Publishes as every `BrokerConnection`; never reconnects.

    Raises:
        BrokerUnavailable: the broker is away, or another connection has the lock.
    """

    def __init__(self, parameters: pika.URLParameters, name: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        super().__init__(parameters, seconds)
        try:
            self._ask("queue_declare", deadline - time.monotonic(), queue=name, exclusive=True)
        except BrokerUnavailable:
            self.close()
            raise

    def make_anew(
        self, queue: str, exchange: str, topology: Sequence[Queue], seconds: float
    ) -> None:
        """Delete a queue with all that it has, unacknowledged messages included, and declare it again.

        Its readers are cancelled, or get nothing from the new queue: they must connect again.
        `topology` are the queues to declare afterwards, with their bindings.

        Raises:
            BrokerUnavailable: the broker did not answer in time; the queue may be deleted.
        """
        deadline = time.monotonic() + seconds

        def ask(method: str, **options: Any) -> None:
            self._ask(method, deadline - time.monotonic(), **options)

        self._wait_for_leader(queue, deadline - time.monotonic())
        ask("queue_delete", queue=queue)
        ask("exchange_declare", exchange=exchange, exchange_type="topic", durable=True)
        for wanted in topology:
            ask("queue_declare", queue=wanted.name, durable=True, arguments=dict(wanted.arguments))
            for key in wanted.routing_keys:
                ask("queue_bind", queue=wanted.name, exchange=exchange, routing_key=key)

    def remove(self, queue: str, seconds: float) -> None:
        """Delete a queue with all that it has. A queue that is missing is fine.

        Raises:
            BrokerUnavailable: the broker did not answer in time; the queue may be deleted.
        """
        deadline = time.monotonic() + seconds
        self._wait_for_leader(queue, deadline - time.monotonic())
        self._ask("queue_delete", deadline - time.monotonic(), queue=queue)

    def _wait_for_leader(self, queue: str, seconds: float) -> None:
        """Purge the queue, which only a leader at work can answer; a missing queue is fine.

        A quorum queue that is deleted just after the election of its leader, as after a restart of the
        broker, takes down RabbitMQ's supervisor of dead letters, and with it every queue that has dead
        letters at least once, until the node restarts. Seen in 3.10.8 each time. The supervisor's fault
        is open in later versions: https://github.com/rabbitmq/rabbitmq-server/issues/16652
        """
        answers: list[Any] = []
        channel = self._connection.channel(
            on_open_callback=lambda opened: opened.queue_purge(queue, callback=answers.append)
        )
        channel.add_on_close_callback(lambda _channel, reason: answers.append(reason))
        self._poll_until(lambda: bool(answers) or self._lost is not None, seconds)
        if not answers:
            self._lost = self._lost or f"no answer to queue_purge within {seconds:g} s"
            raise BrokerUnavailable(self._lost)
        if channel.is_open:
            channel.close()

    def _ask(self, method: str, seconds: float, **options: Any) -> None:
        """Call a method of the channel and wait for its answer."""
        answers: list[Any] = []
        call: Callable[..., None] = getattr(self._channel, method)
        if self.usable:
            call(callback=answers.append, **options)
            self._poll_until(lambda: bool(answers) or self._lost is not None, seconds)
        if not answers:
            self._lost = self._lost or f"no answer to {method} within {seconds:g} s"
            raise BrokerUnavailable(self._lost)
