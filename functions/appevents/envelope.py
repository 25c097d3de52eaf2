"""An event as a message: made from a row of an outbox, and read by the service that acts on it.

The body is the envelope that clients send. What else is known of the event is in the headers. A message
without these headers, such as one published by hand, is read like any other.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from pydantic import ValidationError

from chalicelib.appevents.events.catalogue import OPERATOR, TYPES, model_of
from chalicelib.appevents.topology import EXCHANGE
from fintegrate.database import Row
from fintegrate.http.validation import RequestModel, sentences
from fintegrate.messaging.inbox import Delivery, Rejected
from fintegrate.messaging.message import Message, MessageProperties
from fintegrate.messaging.queue_function import QueueMessage

SCHEMA_VERSION = "1.0.0"
MAJOR = "1."
CLOCKS_APART = timedelta(minutes=1)
"""By so much the clocks of two of our functions may differ."""
_encoded = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
D = TypeVar("D", bound=RequestModel)


class Event(NamedTuple, Generic[D]):
    """An event, as a service acts on it."""

    id: str
    user_id: str
    type: str
    data: D
    told_at: datetime
    """By the client's clock, however wrong it is."""
    effective_at: datetime
    """What decides where time does."""
    sequence: int | None
    """Its place among its user's events; None for one that nobody accepted."""
    request_id: str
    traceparent: str | None
    causation_id: str | None = None
    """The event that led to it, if a service tells it."""

    @property
    def order(self) -> tuple[int | None, datetime]:
        """What tells an older event of the same user from a newer one."""
        return self.sequence, self.told_at


def compose(row: Row, source_service: str) -> Message:
    """Make the message of a row of an outbox.

    Messages of one user do not wait for each other's confirms (docs/decisions/0044).
    """
    causation = row.get("causation_id")
    if TYPES[row["event_type"]].told_by == OPERATOR:
        source_service = OPERATOR
    body = {
        "schema_version": SCHEMA_VERSION,
        "event_type": row["event_type"],
        "client_generated_id": row["client_generated_id"],
        "user_id": row["user_id"],
        "timestamp": iso(row["told_at"]),
        "source_service": source_service,
        "data": row["data"],
        **({"causation_id": causation} if causation else {}),
    }
    headers = {
        "schema_version": SCHEMA_VERSION,
        "user_id": row["user_id"],
        "sequence": row.get("sequence"),
        "received_at": iso(row["received_at"]),
        "effective_at": iso(row["effective_at"]),
        "causation_id": causation,
        "request_id": row.get("request_id"),
        "traceparent": row.get("traceparent"),
        "x-attempt": 0,
    }
    return Message(
        exchange=EXCHANGE,
        routing_key=row["event_type"],
        body=_encoded(body).encode(),
        properties=MessageProperties(
            message_id=row["client_generated_id"],
            kind=row["event_type"],
            app_id=source_service,
            timestamp=int(row["received_at"].timestamp()),
            headers={name: value for name, value in headers.items() if value is not None},
        ),
        order_key=str(row["id"]),  # all go out at once; the channel keeps their order
    )


def read(message: QueueMessage) -> Delivery[Event[Any]]:
    """Read a message.

    Raises:
        Rejected: it is no event that anybody could act on.
    """
    said = _object_in(message.body)
    kind = said.get("event_type")
    version = said.get("schema_version", SCHEMA_VERSION)
    key = _uuid(said, "user_id"), _uuid(said, "client_generated_id")
    if not isinstance(kind, str) or kind not in TYPES:
        raise Rejected("unknown_event_type", "event_type is not a type of app.events")
    told: Delivery[Any] = Delivery(*key, kind, None, message)
    if not isinstance(version, str) or not version.startswith(MAJOR):
        raise Rejected("unknown_schema_version", f"schema_version is not {MAJOR}x", told)
    causation = _causation(said, told)
    try:
        text = _encoded(said.get("data"))
        data = model_of(kind).model_validate_json(
            text, strict=True, extra="ignore", context={"user_id": key[0]}
        )
    except ValidationError as error:
        words = sentences(error.errors(include_url=False))
        raise Rejected("invalid_data", f"data: {words}", told) from None
    event = _event(said, message, key, kind, data)
    return told._replace(event=event._replace(causation_id=causation))


def _event(
    said: dict[str, Any], message: QueueMessage, key: tuple[str, str], kind: str, data: RequestModel
) -> Event[Any]:
    headers, now = message.headers, datetime.now(UTC)
    told_at = _moment(said.get("timestamp")) or now
    return Event(
        id=key[1],
        user_id=key[0],
        type=kind,
        data=data,
        told_at=told_at,
        effective_at=_past(_moment(headers.get("effective_at")), now) or min(told_at, now),
        sequence=_number(headers.get("sequence")),
        request_id=str(headers.get("request_id") or ""),
        traceparent=headers.get("traceparent"),
    )


def _causation(said: dict[str, Any], told: Delivery[Any]) -> str | None:
    if said.get("causation_id") is None:
        return None
    try:
        return _uuid(said, "causation_id")
    except Rejected as refused:
        raise Rejected("invalid_data", refused.reason, told) from None


def _object_in(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise Rejected("not_json", "the body is not JSON") from None
    if not isinstance(said, dict):
        raise Rejected("not_json", "the body is not a JSON object")
    return said


def _uuid(said: dict[str, Any], name: str) -> str:
    try:
        return str(UUID(said[name]))
    except (KeyError, ValueError, TypeError, AttributeError):
        raise Rejected(f"no_{name}", f"{name} must be a UUID") from None


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)  # type: ignore[arg-type]
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _past(moment: datetime | None, now: datetime) -> datetime | None:
    """None for a time to come: nothing that happens later could ever replace what it says."""
    return moment if moment and moment <= now + CLOCKS_APART else None


def _number(value: object) -> int | None:
    return value if type(value) is int and 0 < value < 2**63 else None


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
