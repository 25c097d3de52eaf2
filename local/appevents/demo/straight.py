"""Messages that somebody publishes on the exchange by hand, past the API."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pika

from chalicelib.appevents.topology import EXCHANGE
from local.appevents.demo.people import event
from local.services.amqp import channel_on


def publish(
    url: str, event_type: str, user_id: str, told: Sequence[Mapping[str, Any]], poison: bytes
) -> None:
    """Publish an event of the user for each of these data, and in their midst what is no event."""
    bodies = [json.dumps({**event(event_type, data), "user_id": user_id}) for data in told]
    wanted: list[bytes] = [body.encode() for body in bodies]
    wanted.insert(len(wanted) // 2, poison)
    with channel_on(url) as channel:
        for body in wanted:
            properties = pika.BasicProperties(delivery_mode=2)
            channel.basic_publish(EXCHANGE, event_type, body, properties, mandatory=True)
