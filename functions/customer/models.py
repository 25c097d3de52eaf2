"""What requests about customers take and what their answers give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, StringConstraints

from fintegrate.validation import RequestModel, Text

Status = Literal["ACTIVE", "INACTIVE"]
Name = Annotated[Text, StringConstraints(max_length=255)]


class NewCustomer(RequestModel):
    """A customer to create."""

    name: Name
    status: Status = "ACTIVE"


class CustomerRef(RequestModel):
    """One of the caller's customers."""

    customer_id: UUID


class CustomerCreated(BaseModel):
    """The customer that now exists."""

    customer_id: UUID
    status: Status
    created_at: datetime


class CustomerData(BaseModel):
    """A customer as it is; tags sorted by key."""

    customer_id: UUID
    name: str
    status: Status
    created_at: datetime
    updated_at: datetime
    tags: dict[str, str]
