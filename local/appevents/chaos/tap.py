"""A queue of the run's own beside those of the services: it gets whatever is published, in its order.

It is bound to every type of event, before anything is published. A broker that confirms a message has
it in all its queues, so what the tap has, its service's queue had.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.appevents.configuration import Configuration
from chalicelib.appevents.topology import EXCHANGE, declare_queues
from fintegrate.settings import load
from local.appevents.chaos.evidence import Handed
from local.services.amqp import channel_on

QUEUE = "chaos.tap"
ARGUMENTS = {"x-queue-type": "quorum"}
PREFETCH = 400
WAIT_SECONDS = 30.0


class TapDry(Exception):
    """The tap does not give what it has; the text says how much."""


class Tap:
    """The tap of one virtual host.

    Attributes:
        handed: what came until now, in its order
        bodies: the messages as they are on the wire
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._settings = load(Configuration, environment)
        self._url = self._settings.app_rabbitmq_url
        self.handed: list[Handed] = []
        self.bodies: list[bytes] = []

    def open(self) -> None:
        """Declare the exchange with all queues of the services, and this one."""
        declare_queues(self._settings)
        with channel_on(self._url) as channel:
            channel.queue_declare(QUEUE, durable=True, arguments=ARGUMENTS)
            channel.queue_bind(QUEUE, EXCHANGE, "#")

    def drain(self) -> None:
        """Take what has come since. Nothing is published meanwhile."""
        with channel_on(self._url) as channel:
            left = int(channel.queue_declare(QUEUE, passive=True).method.message_count)
            if not left:
                return
            channel.basic_qos(prefetch_count=PREFETCH)
            for method, properties, body in channel.consume(QUEUE, inactivity_timeout=WAIT_SECONDS):
                if method is None or properties is None or body is None:
                    raise TapDry(f"{left} messages of the tap did not come")
                self.handed += _handed(len(self.handed), body, properties.headers or {})
                self.bodies.append(body)
                left -= 1
                if not left or left % (PREFETCH // 2) == 0:
                    channel.basic_ack(int(method.delivery_tag or 0), multiple=True)
                if not left:
                    break
            channel.cancel()


def _handed(place: int, body: bytes, headers: Mapping[str, Any]) -> Iterator[Handed]:
    """None for what is no event."""
    try:
        said = json.loads(body)
        names = ("event_type", "user_id", "client_generated_id")
        event_type, user, event_id = (str(said[name]) for name in names)
    except (ValueError, KeyError, TypeError):
        return
    sequence = headers.get("sequence")
    yield Handed(place, event_type, user, event_id, sequence if type(sequence) is int else None)
