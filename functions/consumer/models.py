"""What requests about consumers and keys take and what their answers give."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from fintegrate.validation import RequestModel

ConsumerName = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]
ConsumerStatus = Literal["active", "deactivated"]


class NewConsumer(RequestModel):
    """A consumer to create; its name becomes part of the names of its queues."""

    consumer_name: ConsumerName


class ConsumerCreated(BaseModel):
    """The consumer that now exists."""

    consumer_id: UUID


class NewApiKey(RequestModel):
    """A key to issue; `rotate` replaces the active one at once."""

    consumer_id: UUID
    rotate: bool = False
    expires_in_days: Annotated[int, Field(ge=1, le=3650)] = 365


class ApiKeyIssued(BaseModel):
    """The key in clear, this once."""

    api_key: str
