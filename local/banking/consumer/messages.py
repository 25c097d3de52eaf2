"""What a Fintegrate message means: from the bytes of one delivery to an `Event`.

Everything that can be wrong with a message *itself* is found here, so that the rest of the
program only meets events it understands. Fields that this program does not know are ignored,
which lets Fintegrate add fields without asking its consumers (schema minor versions).
A message is JSON or XML; its content type says which. Both have the same fields.

Left to others: whether the event is new or in order (`inbox`), and what to answer the broker
(`worker`) or the caller (`webhook_calls`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from local.banking.consumer.xml_messages import NotOurXml, read_fields

SCHEMA_MAJOR = "1"
KNOWN_TYPES = frozenset(
    {"customer_creation", "customer_status_change", "customer_deletion", "consumer_created"}
)
TEST_TYPE = "webhook_test"


class MalformedMessage(Exception):
    """The message can never be processed, however often it is delivered."""


class Position(NamedTuple):
    """A place in the order of a customer's events, compared by epoch, then sequence.

    The epoch grows when the platform had to go back to a backup. Sequences come again then, and events
    of an older epoch come only from what the platform has lost.
    """

    epoch: int
    sequence: int

    def is_early(self, last: Position) -> bool:
        """Whether an event is missing between `last` and this one. A new epoch begins anywhere."""
        return self.epoch == last.epoch and self.sequence > last.sequence + 1


@dataclass(frozen=True, slots=True)
class Event:
    """One fact about one customer. `name` and `status` are `None` where a fact has none."""

    event_id: str
    event_type: str
    customer_id: str
    sequence: int
    created_at: datetime
    name: str | None = None
    status: str | None = None
    traceparent: str | None = None
    epoch: int = 1

    @property
    def position(self) -> Position:
        """Its place in the order of its customer's events."""
        return Position(self.epoch, self.sequence)


class _Tolerant(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Metadata(_Tolerant):
    created_at: AwareDatetime
    sequence: int = Field(ge=1, lt=2**63)  # what the store's INTEGER holds
    epoch: int = Field(default=1, ge=1, lt=2**63)


class _Data(_Tolerant):
    customer_id: UUID | None = None
    consumer_id: UUID | None = None
    name: str | None = None
    consumer_name: str | None = None
    status: str | None = None


class _Message(_Tolerant):
    schema_version: str = Field(pattern=r"^\d+\.\d+$")
    event_id: UUID
    event_type: str = Field(pattern=r"^[a-z_]{1,100}$")
    data: _Data
    metadata: _Metadata


def parse_event(body: bytes, headers: Mapping[str, Any], content_type: str | None = None) -> Event:
    """Return the event in `body`, which is JSON if the content type does not say XML.

    Raises:
        MalformedMessage: the body is not what its content type says, lacks a field that this program
            needs, or has a major version that it was not written for. The error names fields and never
            repeats their values: they are customers' data.
    """
    message = _validated(body, is_xml=_is_xml(content_type))
    if message.schema_version.partition(".")[0] != SCHEMA_MAJOR:
        raise MalformedMessage(
            f"schema_version: this consumer reads {SCHEMA_MAJOR}.x, got {message.schema_version}"
        )
    subject = message.data.customer_id or message.data.consumer_id
    if subject is None:
        raise MalformedMessage("data: neither customer_id nor consumer_id is there")
    return Event(
        event_id=str(message.event_id),
        event_type=message.event_type,
        customer_id=str(subject),
        sequence=message.metadata.sequence,
        created_at=message.metadata.created_at,
        epoch=message.metadata.epoch,
        name=message.data.name or message.data.consumer_name,
        status=message.data.status,
        traceparent=_text(headers.get("traceparent")),
    )


def is_test(body: bytes, content_type: str | None = None) -> bool:
    """Whether this is the event of `POST /consumer/delivery/test`, which tells of no customer."""
    try:
        message = read_fields(body) if _is_xml(content_type) else json.loads(body)
    except (NotOurXml, ValueError, RecursionError):
        return False
    return isinstance(message, dict) and message.get("event_type") == TEST_TYPE


def _is_xml(content_type: str | None) -> bool:
    """Whether it is `application/xml`, with or without parameters (RFC 9110, 8.3.1)."""
    return (content_type or "").partition(";")[0].strip().lower() == "application/xml"


def _validated(body: bytes, *, is_xml: bool) -> _Message:
    try:
        if is_xml:
            return _Message.model_validate(read_fields(body))
        return _Message.model_validate_json(body)
    except NotOurXml as exc:
        raise MalformedMessage(f"body: {exc}") from None
    except ValidationError as exc:
        problems = (
            f"{'.'.join(str(part) for part in error['loc']) or 'body'}: {error['type']}"
            for error in exc.errors(include_url=False, include_context=False, include_input=False)
        )
        raise MalformedMessage("; ".join(problems)) from None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def times_handed_out(headers: Mapping[str, Any]) -> int:
    """How often the broker delivered this message before (0 at first).

    A quorum queue counts it in `x-delivery-count`
    (rabbitmq.com/docs/quorum-queues#poison-message-handling).
    """
    count = headers.get("x-delivery-count", 0)
    return count if isinstance(count, int) else 0
