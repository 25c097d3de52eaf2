"""What every function that a queue feeds has around it: decoding, a run id, one summary line.

Amazon MQ's event source hands over a batch of messages. It acknowledges all of them when the function
returns, and takes all of them back when it raises: it knows no partial batch response. So every
message of a batch is tried, and one that failed brings the whole batch back. A handler must recognise
what it has done before. What fails forever comes back forever, unless the queue has a delivery limit.
Sources: "Using Lambda with Amazon MQ" in Lambda's developer guide; `FunctionResponseTypes` of
CreateEventSourceMapping in its API reference (Kinesis, DynamoDB Streams, Kafka and SQS only).

    @blueprint.lambda_function(name="video_forget_user")
    @queue_function("video.user-deleted")
    def forget_user(message: QueueMessage) -> None: ...

The queue's name stands in two places. `make local` finds it here, as `__queue__` of the function; AWS
and `make deploy-local` find it in the template, in the function's `Events` of the type MQ.
"""

from __future__ import annotations

import base64
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, NamedTuple, cast

from fintegrate.logs import request_id

log = logging.getLogger(__name__)


class QueueMessage(NamedTuple):
    """One message of a queue."""

    body: bytes
    headers: Mapping[str, Any]
    message_id: str | None
    redelivered: bool
    """Whether the broker has handed it out before, perhaps to somebody who finished it."""
    queue: str


Handler = Callable[[QueueMessage], None]
Run = Callable[[Any, Any], dict[str, int]]


class BatchFailed(Exception):
    """Messages of a batch failed, so that all of it comes back; the log has each one's error."""


def queue_function(queue: str) -> Callable[[Handler], Run]:
    """Make a function of a queue out of what is done with one message."""

    def decorate(handler: Handler) -> Run:
        @wraps(handler)
        def run(event: Any, _context: Any) -> dict[str, int]:
            token = request_id.set(f"{handler.__name__}-{uuid.uuid4()}")
            try:
                return _run(handler, event)
            finally:
                request_id.reset(token)

        cast(Any, run).__queue__ = queue
        return run

    return decorate


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
    """Each message beside its queue's name; the event's is `<queue>::<virtual host>`."""
    for name, entries in event["rmqMessagesByQueue"].items():
        for entry in entries:
            yield name.rpartition("::")[0], entry


def _is_handled(handler: Handler, queue: str, entry: Mapping[str, Any]) -> bool:
    message_id = entry["basicProperties"].get("messageId")
    try:
        handler(
            QueueMessage(
                body=base64.b64decode(entry["data"]),
                headers=_plain(entry["basicProperties"].get("headers") or {}),
                message_id=message_id,
                redelivered=bool(entry["redelivered"]),
                queue=queue,
            )
        )
    except Exception:  # the others of the batch are tried all the same
        log.exception("%s: message %s of %s failed", handler.__name__, message_id, queue)
        return False
    return True


def _plain(value: Any) -> Any:
    """A header as it was sent: the event has texts as `{"bytes": [104, 105]}`."""
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if not isinstance(value, Mapping):
        return value
    if list(value) == ["bytes"] and isinstance(value["bytes"], list):
        return bytes(value["bytes"]).decode(errors="replace")
    return {name: _plain(part) for name, part in value.items()}
