"""The decorators of queue functions: decoding, a run id, one summary line.

Amazon MQ's event source delivers a batch of messages. It acknowledges all of them when the function
returns, and requeues all of them when it raises: it has no partial batch response. So every message of
a batch is tried, and one failure brings the whole batch back. A handler must therefore recognise
repeated messages. A message that always fails comes back forever, unless the queue has a delivery limit.
Sources: "Using Lambda with Amazon MQ" in Lambda's developer guide; `FunctionResponseTypes` of
CreateEventSourceMapping in its API reference (Kinesis, DynamoDB Streams, Kafka and SQS only).

    @blueprint.lambda_function(name="video_forget_user")
    @queue_function("video.user-deleted")
    def forget_user(message: QueueMessage) -> None: ...

A function that settles each message itself (`fintegrate.messaging.inbox`) takes the whole batch
(`batch_function`), and raises only when a message cannot be settled at all.

The queue's name is in two places. `make local` reads it here, from the function's `__queue__`. AWS and
`make deploy-local` read it in the template, in the function's `Events` of the type MQ.
"""

from __future__ import annotations

import base64
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial, wraps
from types import MappingProxyType
from typing import Any, NamedTuple, cast

from fintegrate.logs import request_id

log = logging.getLogger(__name__)


class QueueMessage(NamedTuple):
    """One message of a queue."""

    body: bytes
    headers: Mapping[str, Any]
    message_id: str | None
    redelivered: bool
    """Whether the broker delivered it before. That delivery may have been processed."""
    queue: str
    properties: Mapping[str, Any] = MappingProxyType({})
    """What else the event has of it, by Java's names, such as `contentType` and `appId`."""


Handler = Callable[[QueueMessage], None]
BatchHandler = Callable[[Sequence[QueueMessage], Callable[[], float]], Mapping[str, int]]
"""Takes a batch, and what gives the seconds that are left; returns counts for the summary line."""
Ended = Callable[[str, float], None]
"""Takes the queue's name, and how many seconds its function worked on a batch."""
ByHand = Callable[[Mapping[str, Any]], dict[str, Any]]
Run = Callable[[Any, Any], dict[str, Any]]
MESSAGES = "rmqMessagesByQueue"
_DEEPEST = 32


class BatchFailed(Exception):
    """Messages of a batch failed, so the whole batch comes back. The log has each error."""


def queue_function(queue: str, by_hand: ByHand | None = None) -> Callable[[Handler], Run]:
    """Turn the handler of one message into a queue function.

    An event without messages is somebody's own invocation: `by_hand` gets it, and answers it.
    """

    def decorate(handler: Handler) -> Run:
        @wraps(handler)
        def run(event: Any, _context: Any) -> dict[str, Any]:
            token = request_id.set(f"{handler.__name__}-{uuid.uuid4()}")
            try:
                if by_hand is not None and MESSAGES not in event:
                    return by_hand(event)
                return _run(handler, event)
            finally:
                request_id.reset(token)

        cast(Any, run).__queue__ = QueueOf(queue)
        return run

    return decorate


def batch_function(
    queue: str,
    *,
    broker: str = "RABBITMQ_URL",
    batch: int = 10,
    ended: Ended = lambda _queue, _seconds: None,
) -> Callable[[BatchHandler], Run]:
    """Turn the handler of a batch into a queue function.

    Args:
        broker: the variable with the broker's URL, whose path is the queue's virtual host
        batch: messages in a batch, at most
        ended: told of each batch, however it ended

    The function raises what the handler raises: then the whole batch comes back.
    """

    def decorate(handler: BatchHandler) -> Run:
        @wraps(handler)
        def run(event: Any, context: Any) -> dict[str, Any]:
            started = time.monotonic()
            token = request_id.set(f"{handler.__name__}-{uuid.uuid4()}")
            try:
                messages = [_message(queue, entry) for queue, entry in _entries(event)]
                counts = dict(handler(messages, partial(_seconds_left, context)))
                log.info(
                    "%s: messages %d, %s in %.2f s",
                    handler.__name__,
                    len(messages),
                    ", ".join(f"{name} {count}" for name, count in counts.items()),
                    time.monotonic() - started,
                )
                return {"messages": len(messages), **counts}
            finally:
                ended(queue, time.monotonic() - started)
                request_id.reset(token)

        cast(Any, run).__queue__ = QueueOf(queue, broker, batch)
        return run

    return decorate


class QueueOf(NamedTuple):
    """The queue that feeds a function of the source tree. In AWS the template says it."""

    name: str
    broker: str = "RABBITMQ_URL"
    batch: int = 100


def _seconds_left(context: Any) -> float:
    return float(context.get_remaining_time_in_millis()) / 1000


def _run(handler: Handler, event: Mapping[str, Any]) -> dict[str, int]:
    started = time.monotonic()
    done = [_is_handled(handler, queue, entry) for queue, entry in _entries(event)]
    summary = {"messages": len(done), "failed": done.count(False)}
    log.info(
        "%s: messages %d, failed %d in %.2f s",
        handler.__name__,
        *summary.values(),
        time.monotonic() - started,
    )
    if summary["failed"]:
        raise BatchFailed(f"{summary['failed']} of {len(done)} messages failed")
    return summary


def _entries(event: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each message with its queue's name, which is `<queue>::<virtual host>` in the event."""
    for name, entries in event[MESSAGES].items():
        for entry in entries:
            yield name.rpartition("::")[0], entry


def _is_handled(handler: Handler, queue: str, entry: Mapping[str, Any]) -> bool:
    message_id = None
    try:
        message_id = entry["basicProperties"].get("messageId")
        handler(_message(queue, entry))
    except Exception:  # the rest of the batch is still tried
        log.exception("%s: message %s of %s failed", handler.__name__, message_id, queue)
        return False
    return True


def _message(queue: str, entry: Mapping[str, Any]) -> QueueMessage:
    properties = entry["basicProperties"]
    return QueueMessage(
        body=base64.b64decode(entry["data"]),
        headers={name: _plain(value) for name, value in (properties.get("headers") or {}).items()},
        message_id=properties.get("messageId"),
        redelivered=bool(entry["redelivered"]),
        queue=queue,
        properties=properties,
    )


def _plain(value: Any, depth: int = 0) -> Any:
    """A header's original value; the event has text as `{"bytes": [104, 105]}`.

    What is nested too deeply is None: nobody reads it, and it must not end the function.
    """
    if depth > _DEEPEST:
        return None
    if isinstance(value, list):
        return [_plain(part, depth + 1) for part in value]
    if not isinstance(value, Mapping):
        return value
    said = value.get("bytes") if len(value) == 1 else None
    if isinstance(said, list) and all(type(byte) is int for byte in said):
        # Java's bytes are signed; which of both the event has is not documented.
        return bytes([byte & 0xFF for byte in said]).decode(errors="replace")
    return {name: _plain(part, depth + 1) for name, part in value.items()}
