"""Dead letters: read from the broker, stored in the database with the event's new status, acknowledged.

A dead letter is acknowledged only after the transaction that stores it has committed. If the process
dies in between, the broker delivers it again and its fingerprint is recognised. Anybody with access to a
queue may publish malformed messages: one that cannot be read stops only its own queue.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import pika
import pika.exceptions
from pika.adapters.blocking_connection import BlockingChannel
from pika.adapters.utils.connection_workflow import AMQPConnectorException

from chalicelib.banking.events.topology import dead_letter_queue_name
from fintegrate.database import Database, Row
from fintegrate.messaging.broker import BrokerUnavailable
from fintegrate.queries import queries_beside

SQL = queries_beside(__file__)
BATCH = 200
BATCH_BYTES = 16 * 1024 * 1024
"""Limits a batch, because it is in memory until it is stored. The message that reaches the limit is
the batch's last."""
_NUL_IN_JSON = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
log = logging.getLogger(__name__)


class LettersStuck(Exception):
    """Dead letters could not be read or stored, and stay in their queues; the log has the errors."""


class DeadLetter(NamedTuple):
    """A dead letter in its queue; `event_id` is the event that it claims to be, if any."""

    delivery_tag: int
    body: bytes
    reason: str
    event_id: str | None
    properties: str
    fingerprint: str


@dataclass
class SweptDeadLetters:
    """The counts of a run: dead letters stored, and those that belong to no event."""

    kept: int = 0
    unmatched: int = 0


def sweep_dead_letters(db: Database, broker_url: str, seconds: float) -> SweptDeadLetters:
    """Empty every consumer's dead-letter queue, for at most about `seconds`.

    Raises:
        BrokerUnavailable: the broker is away; unacknowledged messages stay in their queues.
        LettersStuck: at the end, if the dead letters of some consumer could not be stored.
    """
    deadline = time.monotonic() + seconds
    swept = SweptDeadLetters()
    stuck = []
    for consumer in db.fetch_all(SQL["consumers"], {}, revive=True):
        with _connection(broker_url) as connection:
            try:
                while time.monotonic() < deadline and _sweep_batch(db, connection, consumer, swept):
                    pass
            except Exception:
                log.exception("dead letters of %s stay where they are", consumer["name"])
                stuck.append(consumer["name"])
    if stuck:
        raise LettersStuck(f"dead letters not kept: {', '.join(stuck)}")
    return swept


def _sweep_batch(
    db: Database, connection: pika.BlockingConnection, consumer: Row, swept: SweptDeadLetters
) -> bool:
    """Take up to a batch from one queue; returns whether there may be more."""
    queue_name = dead_letter_queue_name(consumer["name"])
    channel = connection.channel()
    try:
        messages = list(_take(channel, queue_name))
        if messages:
            with db.transaction():
                for message in messages:
                    _keep(db, message, queue_name, consumer["consumer_id"], swept)
            channel.basic_ack(messages[-1].delivery_tag, multiple=True)
        return bool(messages)
    except pika.exceptions.ChannelClosedByBroker as error:
        if error.reply_code != 404:
            raise
        return False  # no such queue yet: its consumer was created while the broker was away
    finally:
        if channel.is_open:
            channel.close()


def _take(channel: BlockingChannel, queue_name: str) -> Iterator[DeadLetter]:
    size = 0
    for _ in range(BATCH):
        if size >= BATCH_BYTES:
            return
        method, properties, body = channel.basic_get(queue_name)
        if method is None or properties is None or body is None:
            return
        size += len(body)
        yield _dead_letter(queue_name, int(method.delivery_tag or 0), properties, body)


def _keep(
    db: Database, message: DeadLetter, queue_name: str, consumer_id: str, swept: SweptDeadLetters
) -> None:
    kept = db.fetch_one(
        SQL["keep"],
        {
            "queue_name": queue_name,
            "consumer_id": consumer_id,
            "event_id": message.event_id,
            "reason": message.reason,
            "body": message.body,
            "properties": message.properties,
            "fingerprint": message.fingerprint,
        },
    )
    if kept is None:
        return
    swept.kept += 1
    if kept["event_id"] is None:
        swept.unmatched += 1
        return
    event = {"event_id": kept["event_id"], "consumer_id": consumer_id}
    db.execute(SQL["lock_event"], event)
    db.execute(SQL["fail_delivery"], {**event, "reason": f"dead-lettered: {message.reason}"})


def _dead_letter(
    queue_name: str, delivery_tag: int, properties: pika.BasicProperties, body: bytes
) -> DeadLetter:
    headers: dict[str, Any] = dict(properties.headers or {})
    told = headers.get("x-death")
    deaths = [
        death for death in (told if isinstance(told, list) else []) if isinstance(death, dict)
    ]
    died = [(death.get("reason"), death.get("count"), str(death.get("time"))) for death in deaths]
    identity = f"{queue_name}\n{properties.message_id}\n{died}\n".encode()
    reason = headers.get("x-first-death-reason") or (died[0][0] if died else None)
    return DeadLetter(
        delivery_tag=delivery_tag,
        body=body,
        reason=_without_nul(str(reason or "not dead-lettered by the broker"))[:500],
        event_id=_claimed_event(properties, body),
        properties=_NUL_IN_JSON.sub(r"\1", _as_json(properties)),
        fingerprint=hashlib.sha256(identity + body).hexdigest(),
    )


def _claimed_event(properties: pika.BasicProperties, body: bytes) -> str | None:
    """The event that the message claims to be, by its message id or else its body."""
    candidates: list[object] = [properties.message_id]
    try:
        parsed = json.loads(body)
        candidates.append(parsed.get("event_id") if isinstance(parsed, dict) else None)
    except (ValueError, RecursionError):
        pass
    for candidate in candidates:
        try:
            return str(uuid.UUID(str(candidate)))
        except ValueError:
            continue
    return None


def _as_json(properties: pika.BasicProperties) -> str:
    """Encode the properties; if JSON cannot represent them, store their text."""
    try:
        return json.dumps(properties.__dict__, default=str, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        return json.dumps({"unreadable": repr(properties)})


def _without_nul(text: str) -> str:
    """PostgreSQL's text and jsonb cannot store NUL."""
    return text.replace("\x00", "")


@contextmanager
def _connection(broker_url: str) -> Iterator[pika.BlockingConnection]:
    parameters = pika.URLParameters(broker_url)
    parameters.connection_attempts = 1
    parameters.socket_timeout = parameters.stack_timeout = 3
    parameters.blocked_connection_timeout = 5
    try:
        connection = pika.BlockingConnection(parameters)
        try:
            yield connection
        finally:
            if connection.is_open:
                connection.close()
    except (pika.exceptions.AMQPError, AMQPConnectorException, OSError) as error:
        raise BrokerUnavailable(f"{type(error).__name__}: {error}") from error
