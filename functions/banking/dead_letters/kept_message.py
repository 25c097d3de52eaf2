"""The message of a dead letter that matches no event, as it was kept.

It goes into its consumer's queue by the queue's name. Left out are the headers by which the broker would
send it elsewhere, too, or would count its deaths, and the properties that it checks: who holds a bank's
credential may have written anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pika

from chalicelib.banking.events.topology import queue_name
from fintegrate.database import Row
from fintegrate.messaging.message import Message

_KEPT = ("content_type", "content_encoding", "priority", "correlation_id", "reply_to", "message_id",
         "timestamp", "type", "app_id")  # fmt: skip
_ROUTES_ELSEWHERE = {"CC", "BCC"}
"""Source: https://www.rabbitmq.com/docs/sender-selected"""
_OF_THE_BROKER = ("x-death", "x-first-death-", "x-last-death-", "x-delivery-count")


def as_kept(letter: Row) -> Message:
    """The message of a row with `consumer_name, body, properties_json`."""
    return Message(
        exchange="",
        routing_key=queue_name(letter["consumer_name"]),
        body=bytes(letter["body"]),
        properties=_properties(letter["properties_json"]),
        order_key=letter["consumer_id"],
    )


def _properties(kept: Mapping[str, Any]) -> pika.BasicProperties:
    headers = kept.get("headers")
    properties = pika.BasicProperties(
        headers=_harmless(headers) if isinstance(headers, dict) else None,
        delivery_mode=pika.DeliveryMode.Persistent,
        **{name: kept[name] for name in _KEPT if kept.get(name) is not None},
    )
    try:
        properties.encode()
    except Exception:  # JSON could not hold what it was: the body alone is sent
        return pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent)
    return properties


def _harmless(headers: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in headers.items()
        if name not in _ROUTES_ELSEWHERE and not name.startswith(_OF_THE_BROKER)
    }
