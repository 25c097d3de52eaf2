"""Copies of a queue's messages: what a copy keeps of its message, and what its headers add.

A copy has the message's body, properties and headers, as far as AMQP can carry them. It leaves out:
- what the broker keeps about deliveries, such as `x-death`: it would go on counting, or see a cycle;
- `CC` and `BCC`, by which the broker would route the copy to further queues;
- headers beyond `MOST_HEADER_BYTES` in all: those of a message must fit into one frame.
Text that is not valid UTF-8, and a value that AMQP does not know, is replaced.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pika
import pika.data

from fintegrate.messaging.message import Message
from fintegrate.messaging.queue_function import QueueMessage

ATTEMPT, SINCE, WAITS = "x-attempt", "x-outage-since", "x-outage-waits"
REDRIVEN = "x-redriven"
"""An operator has sent the message back: its service acts on it although it was rejected."""
MOST_HEADER_BYTES = 64 * 1024
"""Half of what the broker takes in a frame by default."""
LONGEST_SHORT = 255
"""Bytes of a short string, which a property or a header's name is (AMQP 0-9-1, 4.2.5.3)."""
MOST_REASON = 500
_DEEPEST = 16
_BROKERS_OWN = ("x-death", "x-first-death", "x-last-death", "x-delivery-count", "x-acquired-count")
_LEFT_OUT = frozenset({"cc", "bcc", "x-error-code", "x-error", "x-failed-at"})
_INT64 = 2**63


def attempt_of(message: QueueMessage) -> int:
    """How many retries a message has had; 0 if its header is not one of ours."""
    attempt = message.headers.get(ATTEMPT)
    return attempt if type(attempt) is int and 0 < attempt < 1_000 else 0


def since_of(message: QueueMessage) -> int:
    """Since when it waits for a server, in seconds since 1970; now if its header is not one of ours."""
    since, now = message.headers.get(SINCE), int(time.time())
    return since if type(since) is int and 0 < since <= now else now


def waits_of(message: QueueMessage) -> int:
    """How often it has waited for a server."""
    waits = message.headers.get(WAITS)
    return waits if type(waits) is int and 0 < waits < 1_000_000 else 0


def identity_of(message: QueueMessage) -> str:
    """The name of a message in the notes of starts: its id may be missing, or two may share it.

    The copy for the next try has another name, because the start of this one has ended. So has the copy
    that waits for a server.
    """
    tries = f"{attempt_of(message)}\0{waits_of(message)}"
    name = f"{message.message_id or ''}\0{tries}\0".encode(errors="replace")
    return hashlib.sha256(name + message.body).hexdigest()


def plain(text: str) -> str:
    """A reason cut to `MOST_REASON`, without characters that a database or a broker refuses."""
    return "".join([c if c.isprintable() else "?" for c in text[:MOST_REASON]])


def dead(code: str, reason: str, attempt: int) -> dict[str, Any]:
    """The headers of a dead letter: why it became one, and when."""
    return {
        "x-error-code": code,
        "x-error": plain(reason),
        ATTEMPT: attempt,
        "x-failed-at": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }


def copy_of(message: QueueMessage, queue: str, headers: Mapping[str, Any]) -> Message:
    """A copy for a queue. `headers` replace the message's own; those of None are left out."""
    said = message.properties
    own = _own_headers(message.headers, leave=headers.keys())
    properties = pika.BasicProperties(
        content_type=_short(said.get("contentType")),
        content_encoding=_short(said.get("contentEncoding")),
        headers=own | {name: value for name, value in headers.items() if value is not None},
        delivery_mode=pika.DeliveryMode.Persistent,
        correlation_id=_short(said.get("correlationId")),
        message_id=_short(message.message_id) or str(uuid.uuid4()),
        type=_short(said.get("type")),
        app_id=_short(said.get("appId")),
    )
    return Message("", queue, message.body, properties, order_key=f"{queue} {id(message)}")


def _own_headers(headers: Mapping[str, Any], leave: Any) -> dict[str, Any]:
    """The headers without the broker's own, as far as there is room. Small ones come first."""
    sized = []
    for name, value in headers.items():
        if name in leave or name.startswith(_BROKERS_OWN) or name.lower() in _LEFT_OUT:
            continue
        key, carried = _short(str(name)) or "", _carried(value)
        sized.append((pika.data.encode_table([], {key: carried}), key, carried))
    room, own = MOST_HEADER_BYTES, dict[str, Any]()
    for size, key, carried in sorted(sized, key=lambda each: each[0]):
        room -= size
        if room < 0:
            break
        own[key] = carried
    return own


def _carried(value: Any, depth: int = 0) -> Any:
    """A value as pika can write it: it has no floats."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -_INT64 <= value < _INT64 else str(value)
    if depth >= _DEEPEST:
        return None
    if isinstance(value, Mapping):
        return {_short(str(name)): _carried(each, depth + 1) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_carried(each, depth + 1) for each in value]
    return str(value).encode(errors="replace").decode()


def _short(value: object) -> str | None:
    """The beginning of a text that fits into a short string, in whole characters."""
    if not isinstance(value, str):
        return None
    return value.encode(errors="replace")[:LONGEST_SHORT].decode(errors="ignore")
