"""The event of Amazon MQ's event source, pinned by the shape that AWS documents."""

from __future__ import annotations

import json
from pathlib import Path

import pika
from aws_lambda_powertools.utilities.data_classes.rabbit_mq_event import RabbitMQEvent

from local.aws_shapes.queue_event import Message, queue_event

GOLDEN = Path(__file__).parent / "events" / "amazon_mq.json"
PROPERTIES = pika.BasicProperties(
    content_type="text/plain",
    headers={
        "header1": "value1",
        "numberInHeader": 10,
        "nested": {"inner": b"x"},
        "list": ["a", 1],
    },
    delivery_mode=1,
    priority=34,
    expiration="60000",
    timestamp=2021,
    user_id="AIDACKCEVSQ6C2EXAMPLE",
)


def test_event_is_the_documented_one() -> None:
    message = Message(b'{"timeout":0}'.ljust(15), PROPERTIES, False, 1)
    event = queue_event("pizzaQueue", "/", [message])
    assert json.loads(json.dumps(event)) == json.loads(GOLDEN.read_text())


def test_aws_data_class_reads_event() -> None:
    event = RabbitMQEvent(queue_event("q", "/v", [Message(b'{"a": 1}', PROPERTIES, True, 1)]))
    (message,) = event.rmq_messages_by_queue["q::/v"]
    assert message.json_data == {"a": 1}
    assert message.redelivered is True
