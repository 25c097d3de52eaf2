"""The message that a consumer receives: body, properties and headers, made from an event's row.

The body is JSON or XML, as the consumer has chosen; `message_xml` writes the second. Properties and
headers are the same for both.
"""

from __future__ import annotations

import json
from typing import Any

from chalicelib.banking.events.topology import EXCHANGE, routing_key
from fintegrate.database import Row
from fintegrate.messaging.message import Message, MessageProperties

SCHEMA_VERSION = "1.0"
APP_ID = "fintegrate"
_encoded = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def compose(row: Row) -> Message:
    """Make the message of an event's row, which also has `consumer_name`, `epoch` and `message_format`.

    The last two are those of the sending: the statement that read the row for it has read them, too. A
    row with `sent_late_at` is sent after its successors, and the message says so. One with
    `replay_job_id` is the copy of that replay.
    """
    metadata = dict(row["metadata_json"])
    for own in ("key_id", "request_id"):  # who wrote it concerns the platform and its operator only
        metadata.pop(own, None)
    traceparent = metadata.pop("traceparent", None) or _own_trace(row["event_id"])
    metadata["epoch"] = row["epoch"]
    if row.get("sent_late_at"):
        metadata["late"] = True
    body = {
        "schema_version": SCHEMA_VERSION,
        "event_id": row["event_id"],
        "event_type": row["event_type"],
        "data": row["payload_json"],
        "metadata": metadata,
    }
    content_type, encoded = written(body, row["message_format"])
    return Message(
        exchange=EXCHANGE,
        routing_key=routing_key(row["event_type"], row["consumer_name"]),
        body=encoded,
        properties=_properties(row, traceparent, content_type),
        order_key=row["customer_id"],
    )


def written(body: dict[str, Any], message_format: str) -> tuple[str, bytes]:
    """A body's media type, and the body in this format."""
    if message_format == "xml":
        from chalicelib.banking.events.message_xml import as_xml  # few consumers want it

        return "application/xml", as_xml(body)
    return "application/json", _encoded(body).encode()


def _properties(row: Row, traceparent: str, content_type: str) -> MessageProperties:
    return MessageProperties(
        message_id=row["event_id"],
        kind=row["event_type"],
        app_id=APP_ID,
        timestamp=int(row["created_at"].timestamp()),
        content_type=content_type,
        headers={
            "schema_version": SCHEMA_VERSION,
            "customer_id": row["customer_id"],
            "sequence": row["sequence"],
            "epoch": row["epoch"],
            "publish_try_count": row["publish_try_count"],
            "deliver_try_count": row["deliver_try_count"],
            "traceparent": traceparent,
            **({"replay_job_id": row["replay_job_id"]} if "replay_job_id" in row else {}),
        },
    )


def _own_trace(event_id: str) -> str:
    """A trace that starts with the event. Every copy of the event has the same."""
    trace = event_id.replace("-", "")
    return f"00-{trace}-{trace[:16]}-01"
