"""Dead letters: read from the broker, stored in the database with the event's new status, acknowledged.

A dead letter is acknowledged only after the transaction that stores it has committed. If the process
dies in between, the broker delivers it again and its fingerprint is recognised. Anybody with access to a
queue may publish malformed messages: one that cannot be read stops only its own queue.

A letter fails its event only if the broker says that it died in the bank's own queue, if it is of this
epoch (a recovery sends every event again), and if no later copy of the event was sent. Every bank gives
one batch in turn, so that a bank with many letters delays no other. A dead-letter queue that is gone is
declared again: until then letters wait where they died.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import pika
import pika.exceptions
from pika.adapters.blocking_connection import BlockingChannel
from pika.adapters.utils.connection_workflow import AMQPConnectorException

from chalicelib.banking.events.topology import (
    EXCHANGE,
    dead_letter_queue_name,
    queue_name,
    queues,
)
from chalicelib.banking.leaving.offboarding import unless_left
from fintegrate.database import Database, Row
from fintegrate.messaging.broker import BrokerUnavailable
from fintegrate.messaging.topology import declare
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
BATCH = 200
BATCH_BYTES = 16 * 1024 * 1024
"""Limits a batch, because it is in memory until it is stored. The message that reaches the limit is
the batch's last."""
_HOME_NODE = "home node"
"""Only in the text of the 404 for a queue whose node is down: the queue and its letters still exist."""
_NUL_IN_JSON = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
log = logging.getLogger(__name__)


class LettersStuck(Exception):
    """Dead letters could not be read or stored, and stay in their queues; the log has the errors."""


class DeadLetter(NamedTuple):
    """A dead letter in its queue.

    `event_id` is the event that it claims to be; None if it claims none, or died in no queue of this
    bank. `customer_ids` are the customers of whom it claims to tell. `epoch` and `try_count`, its
    `deliver_try_count`, are the copy's. `erased_fingerprint` is made without its body.
    """

    delivery_tag: int
    body: bytes
    reason: str
    event_id: str | None
    customer_ids: list[str]
    epoch: int
    try_count: int | None
    properties: str
    fingerprint: str
    erased_fingerprint: str


@dataclass
class SweptDeadLetters:
    """The counts of a run: the dead letters stored, and those of them that changed no event.

    `unmatched` letters belong to no event. `superseded` letters are not the last copy of theirs.
    """

    kept: int = 0
    unmatched: int = 0
    superseded: int = 0


def sweep_dead_letters(
    db: Database,
    broker_url: str,
    seconds: float,
    kept: Callable[[str, str], None] = lambda _consumer, _reason: None,
) -> SweptDeadLetters:
    """Empty every consumer's dead-letter queue, for at most about `seconds`.

    `kept` is told of each stored letter: its consumer's name, and its reason.

    Raises:
        BrokerUnavailable: the broker is away; unacknowledged messages stay in their queues.
        LettersStuck: at the end, if the dead letters of some consumer could not be stored.
    """
    deadline = time.monotonic() + seconds
    swept = SweptDeadLetters()
    stuck = []
    turns = deque(db.fetch_all(SQL["consumers"], {}, revive=True))
    connection = _Connection(broker_url)
    try:
        while turns and time.monotonic() < deadline:
            consumer = turns.popleft()
            channel = connection.channel()
            try:
                if _sweep_batch(db, channel, consumer, swept, kept):
                    turns.append(consumer)
                elif not channel.is_open:
                    declaring = partial(_declare_again, broker_url, consumer["name"])
                    unless_left(db, consumer["consumer_id"], declaring)
            except Exception:
                log.exception("dead letters of %s stay where they are", consumer["name"])
                stuck.append(consumer["name"])
                connection.close()
    finally:
        connection.close()
    if stuck:
        raise LettersStuck(f"dead letters not kept: {', '.join(stuck)}")
    return swept


def _sweep_batch(
    db: Database,
    channel: BlockingChannel,
    consumer: Row,
    swept: SweptDeadLetters,
    kept: Callable[[str, str], None],
) -> bool:
    """Take up to a batch from one queue; returns whether there may be more.

    Closes the channel if there is no such queue.
    """
    try:
        messages = list(_take(channel, consumer["name"]))
    except pika.exceptions.ChannelClosedByBroker as error:
        if error.reply_code != 404 or _HOME_NODE in error.reply_text:
            raise
        return False
    if messages:
        with db.transaction():
            db.fetch_one(SQL["hold_bank"], {"consumer_id": consumer["consumer_id"]})
            new = [message for message in messages if _keep(db, message, consumer, swept)]
        for message in new:
            kept(consumer["name"], message.reason)
        channel.basic_ack(messages[-1].delivery_tag, multiple=True)
    return bool(messages)


def _declare_again(broker_url: str, consumer_name: str) -> None:
    """Declare a consumer's queues and bindings. What exists stays as it is."""
    log.warning("a queue of %s is gone and is declared again", consumer_name)
    declare(broker_url, EXCHANGE, queues([consumer_name]))


def _take(channel: BlockingChannel, consumer_name: str) -> Iterator[DeadLetter]:
    size = 0
    for _ in range(BATCH):
        if size >= BATCH_BYTES:
            return
        method, properties, body = channel.basic_get(dead_letter_queue_name(consumer_name))
        if method is None or properties is None or body is None:
            return
        size += len(body)
        yield _dead_letter(consumer_name, int(method.delivery_tag or 0), properties, body)


def _keep(db: Database, message: DeadLetter, consumer: Row, swept: SweptDeadLetters) -> bool:
    """Store a letter; returns whether it is new."""
    claimed = {"event_id": message.event_id, "consumer_id": consumer["consumer_id"]}
    event = db.fetch_one(SQL["lock_event"], claimed) if message.event_id else None
    superseded = event is not None and _is_older(message, event)
    customers = [*message.customer_ids, *([event["customer_id"]] if event else [])]
    kept = db.execute(
        SQL["keep"],
        {
            "queue_name": dead_letter_queue_name(consumer["name"]),
            "consumer_id": consumer["consumer_id"],
            "event_id": event["event_id"] if event else None,
            "reason": message.reason,
            "superseded": superseded,
            "body": message.body,
            "properties": message.properties,
            "fingerprint": message.fingerprint,
            "erased_fingerprint": message.erased_fingerprint,
            "customer_ids": customers,
        },
    )
    if not kept:
        return False
    swept.kept += 1
    if event is None:
        swept.unmatched += 1
    elif superseded:
        swept.superseded += 1
    else:
        reason = f"dead-lettered: {message.reason}"
        db.execute(SQL["fail_delivery"], {**claimed, "reason": reason})
    return True


def _is_older(copy: DeadLetter, event: Row) -> bool:
    """Whether a later copy was sent. A receipt of a later copy came after that copy was sent.

    Tries are compared within an epoch only: a recovery sends every event again, and a restored row has
    forgotten tries.
    """
    if copy.epoch != event["epoch"]:
        return copy.epoch < int(event["epoch"])
    return copy.try_count is not None and copy.try_count < event["deliver_try_count"]


def _dead_letter(
    consumer_name: str, delivery_tag: int, properties: pika.BasicProperties, body: bytes
) -> DeadLetter:
    headers: dict[str, Any] = dict(properties.headers or {})
    told = headers.get("x-death")
    deaths = [
        death for death in (told if isinstance(told, list) else []) if isinstance(death, dict)
    ]
    own = [death for death in deaths if death.get("queue") == queue_name(consumer_name)]
    died = [(death.get("reason"), death.get("count"), str(death.get("time"))) for death in deaths]
    queue = dead_letter_queue_name(consumer_name)
    identity = f"{queue}\n{properties.message_id}\n{died}\n".encode()
    said = _parsed(body)
    tried = headers.get("deliver_try_count")
    return DeadLetter(
        delivery_tag=delivery_tag,
        body=body,
        reason=_without_nul(_reason(deaths, own))[:500],
        event_id=_claimed_event(properties, said) if own else None,
        customer_ids=_claimed_customers(headers, said),
        epoch=_epoch(headers, said),
        try_count=tried if type(tried) is int else None,
        properties=_NUL_IN_JSON.sub(r"\1", _as_json(properties)),
        fingerprint=hashlib.sha256(identity + body).hexdigest(),
        erased_fingerprint=f"erased:{hashlib.sha256(identity).hexdigest()}",
    )


def _reason(deaths: Sequence[Mapping[str, Any]], own: Sequence[Mapping[str, Any]]) -> str:
    """The reason of the last death in the bank's own queue. The broker puts the last death first."""
    if own:
        return str(own[0].get("reason"))
    if deaths:
        return f"foreign: died in {deaths[0].get('queue')}"
    return "foreign: not dead-lettered by the broker"


def _parsed(body: bytes) -> dict[str, Any]:
    """The body as an object; an empty one if it is none."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _epoch(headers: Mapping[str, Any], said: Mapping[str, Any]) -> int:
    """The epoch of the message's sending; 1 if it has none, as those from before there were epochs.

    Messages in JSON from before it stood in the headers have it in the body only.
    """
    metadata = said.get("metadata")
    in_body = metadata.get("epoch") if isinstance(metadata, dict) else None
    found = [each for each in (headers.get("epoch"), in_body) if type(each) is int]
    return found[0] if found else 1


def _claimed_event(properties: pika.BasicProperties, said: Mapping[str, Any]) -> str | None:
    """The event that the message claims to be, by its message id or else its body."""
    return next(iter(_ids((properties.message_id, said.get("event_id")))), None)


def _claimed_customers(headers: Mapping[str, Any], said: Mapping[str, Any]) -> list[str]:
    data = said.get("data")
    in_body = data.get("customer_id") if isinstance(data, dict) else None
    return list(_ids((headers.get("customer_id"), in_body)))


def _ids(candidates: Iterable[object]) -> Iterator[str]:
    """Those that have the form of an id."""
    for candidate in candidates:
        with suppress(ValueError):
            yield str(uuid.UUID(str(candidate)))


def _as_json(properties: pika.BasicProperties) -> str:
    """Encode the properties; if JSON cannot represent them, store their text."""
    try:
        return json.dumps(properties.__dict__, default=str, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        return json.dumps({"unreadable": repr(properties)})


def _without_nul(text: str) -> str:
    """PostgreSQL's text and jsonb cannot store NUL."""
    return text.replace("\x00", "")


class _Connection:
    """A run's connection to the broker, made anew after a failure."""

    def __init__(self, broker_url: str) -> None:
        self._url = broker_url
        self._connection: pika.BlockingConnection | None = None
        self._channel: BlockingChannel | None = None

    def channel(self) -> BlockingChannel:
        """An open channel.

        Raises:
            BrokerUnavailable: the broker is away.
        """
        try:
            if self._connection is None or not self._connection.is_open:
                self._connection, self._channel = _connect(self._url), None
            if self._channel is None or not self._channel.is_open:
                self._channel = self._connection.channel()
        except (pika.exceptions.AMQPError, AMQPConnectorException, OSError) as error:
            raise BrokerUnavailable(f"{type(error).__name__}: {error}") from error
        return self._channel

    def close(self) -> None:
        """Close it; what was read and not acknowledged goes back to its queue."""
        connection, self._connection = self._connection, None
        if connection is not None and connection.is_open:
            with suppress(Exception):  # a letter that cannot be read leaves it in any state
                connection.close()


def _connect(broker_url: str) -> pika.BlockingConnection:
    parameters = pika.URLParameters(broker_url)
    parameters.connection_attempts = 1
    parameters.socket_timeout = parameters.stack_timeout = 3
    parameters.blocked_connection_timeout = 5
    return pika.BlockingConnection(parameters)
