"""The event that Amazon MQ's event source gives a function for messages of RabbitMQ.

The shape is that of "Using Lambda with Amazon MQ" in Lambda's developer guide.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pika import BasicProperties

from local.aws_shapes.account import ACCOUNT, REGION

BROKER_ARN = f"arn:aws:mq:{REGION}:{ACCOUNT}:broker:local:b-00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Message:
    """One delivery of a queue."""

    body: bytes
    properties: BasicProperties
    redelivered: bool
    delivery_tag: int


def queue_event(queue: str, virtual_host: str, messages: Iterable[Message]) -> dict[str, Any]:
    return {
        "eventSource": "aws:rmq",
        "eventSourceArn": BROKER_ARN,
        "rmqMessagesByQueue": {f"{queue}::{virtual_host}": [_message(m) for m in messages]},
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "basicProperties": _properties(message.properties, len(message.body)),
        "redelivered": message.redelivered,
        "data": base64.b64encode(message.body).decode(),
    }


def _properties(properties: BasicProperties, size: int) -> dict[str, Any]:
    return {
        "contentType": properties.content_type,
        "contentEncoding": properties.content_encoding,
        "headers": {name: _header(value) for name, value in (properties.headers or {}).items()},
        "deliveryMode": properties.delivery_mode,
        "priority": properties.priority,
        "correlationId": properties.correlation_id,
        "replyTo": properties.reply_to,
        "expiration": properties.expiration,
        "messageId": properties.message_id,
        "timestamp": _timestamp(properties.timestamp),
        "type": properties.type,
        "userId": properties.user_id,
        "appId": properties.app_id,
        "clusterId": properties.cluster_id,
        "bodySize": size,
    }


def _header(value: Any) -> Any:
    """Text comes as bytes, tables and lists by their parts, numbers as they are."""
    if isinstance(value, str):
        return {"bytes": list(value.encode())}
    if isinstance(value, bytes):
        return {"bytes": list(value)}
    if isinstance(value, dict):
        return {name: _header(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_header(part) for part in value]
    if isinstance(value, datetime):
        return _timestamp(int(value.replace(tzinfo=UTC).timestamp()))
    return value


def _timestamp(seconds: int | None) -> str | None:
    """As Java's medium format writes it: `Jan 1, 1970, 12:33:41 AM`."""
    if seconds is None:
        return None
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%b} {moment.day}, {moment.year}, {moment.hour % 12 or 12}:{moment:%M:%S %p}"
