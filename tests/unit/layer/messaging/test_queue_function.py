"""What a function of a queue makes of Amazon MQ's event, whose shape the harness pins."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import pika
import pytest

from fintegrate.logs import request_id
from fintegrate.messaging.queue_function import (
    BatchFailed,
    QueueMessage,
    QueueOf,
    batch_function,
    queue_function,
)
from local.aws_shapes.lambda_context import LambdaContext
from local.aws_shapes.queue_event import Message, queue_event


def event(*bodies: bytes, **properties: Any) -> dict[str, Any]:
    sent = pika.BasicProperties(**properties)
    return queue_event("letters", "/", [Message(body, sent, False, 1) for body in bodies])


def test_message_is_decoded() -> None:
    seen: list[QueueMessage] = []
    headers = {"text": "é", "number": 7, "table": {"inner": "x"}, "list": ["a", 1]}
    function = queue_function("letters")(seen.append)

    function(event(b"\xff\x00", message_id="one", headers=headers), None)

    (message,) = seen
    assert message[:5] == (b"\xff\x00", headers, "one", False, "letters")
    assert message.properties["bodySize"] == 2


def test_failed_batch_tries_every_message(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[bytes] = []

    @queue_function("letters")
    def read(message: QueueMessage) -> None:
        seen.append(message.body)
        if message.body == b"b":
            raise RuntimeError("torn")

    with caplog.at_level(logging.INFO), pytest.raises(BatchFailed, match="1 of 3 messages failed"):
        read(event(b"a", b"b", b"c", message_id="one"), None)

    assert seen == [b"a", b"b", b"c"]
    assert "read: messages 3, failed 1 in" in caplog.text
    assert "read: message one of letters failed" in caplog.text
    assert "torn" in caplog.text


def test_signed_bytes_are_read() -> None:
    seen: list[QueueMessage] = []
    sent = event(b"a", headers={"name": "ü"})
    (entry,) = sent["rmqMessagesByQueue"]["letters::/"]
    entry["basicProperties"]["headers"]["name"] = {"bytes": [-61, -68]}

    queue_function("letters")(seen.append)(sent, None)

    assert seen[0].headers == {"name": "ü"}


def test_odd_entry_spares_the_batch() -> None:
    seen: list[bytes] = []
    sent = event(b"a", b"b")
    del sent["rmqMessagesByQueue"]["letters::/"][0]["basicProperties"]

    with pytest.raises(BatchFailed, match="1 of 2 messages failed"):
        queue_function("letters")(lambda message: seen.append(message.body))(sent, None)

    assert seen == [b"b"]


def test_batch_has_one_run_id() -> None:
    ids, before = list[str](), request_id.get()

    @queue_function("letters")
    def read(_message: QueueMessage) -> None:
        ids.append(request_id.get())

    assert read(event(b"a", b"b"), None) == {"messages": 2, "failed": 0}
    assert ids[0] == ids[1]
    assert ids[0].startswith("read-")
    assert request_id.get() == before


def test_queue_stands_on_the_function() -> None:
    @queue_function("letters")
    def read(_message: QueueMessage) -> None: ...

    queue: QueueOf = read.__queue__  # type: ignore[attr-defined]
    assert (read.__name__, queue) == ("read", QueueOf("letters", "RABBITMQ_URL", 100))


def test_batch_is_handed_over_whole() -> None:
    seen, before = list[QueueMessage](), request_id.get()

    @batch_function("letters", broker="OTHER_URL", batch=5)
    def read(messages: Sequence[QueueMessage], seconds_left: Callable[[], float]) -> dict[str, int]:
        seen.extend(messages)
        assert 50 < seconds_left() <= 60
        return {"applied": len(messages)}

    done = read(event(b"a", b"b"), LambdaContext("read", 60))

    assert done == {"messages": 2, "applied": 2}
    assert [message.body for message in seen] == [b"a", b"b"]
    assert read.__queue__ == QueueOf("letters", "OTHER_URL", 5)  # type: ignore[attr-defined]
    assert request_id.get() == before


def test_strange_headers_end_no_batch() -> None:
    sent = event(b"a")
    (entry,) = sent["rmqMessagesByQueue"]["letters::/"]
    deep: Any = 1
    for _ in range(400):
        deep = {"a": [deep]}
    odd = {"deep": deep, "odd": {"bytes": "no"}, "mixed": {"bytes": [1, "x"]}, "none": None}
    entry["basicProperties"]["headers"] = odd
    seen: list[QueueMessage] = []

    batch_function("letters")(lambda messages, _left: seen.extend(messages) or {})(
        sent, LambdaContext("read", 60)
    )

    assert seen[0].headers["odd"] == {"bytes": "no"}
    assert seen[0].headers["mixed"] == {"bytes": [1, "x"]}


def test_other_events_are_answered_by_hand() -> None:
    handled: list[QueueMessage] = []
    function = queue_function("q", by_hand=lambda event: {"asked": event["for"]})(handled.append)

    assert function({"for": "help"}, None) == {"asked": "help"}
    assert handled == []


def test_every_batch_tells_that_it_ended() -> None:
    told: list[str] = []

    @batch_function("letters", ended=lambda queue, seconds: told.append(f"{queue} {seconds < 60}"))
    def read(messages: Sequence[QueueMessage], _left: Callable[[], float]) -> dict[str, int]:
        if messages[0].body == b"torn":
            raise ValueError("torn")
        return {}

    read(event(b"whole"), LambdaContext("read", 60))
    with pytest.raises(ValueError, match="torn"):
        read(event(b"torn"), LambdaContext("read", 60))

    assert told == ["letters True", "letters True"]
