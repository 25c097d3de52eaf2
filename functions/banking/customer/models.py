"""What requests about customers take and what their answers give.

Leaves tags to `tag_models` and snapshots to `snapshot_models`.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, ValidationInfo, field_validator
from typing_extensions import TypedDict

from chalicelib.banking.customer.tag_models import TagKey, TagValue
from fintegrate.http.validation import RequestModel, Text

Status = Literal["ACTIVE", "INACTIVE"]
Name = Annotated[Text, StringConstraints(max_length=255)]
Limit = Annotated[int, Field(ge=1, le=200)]


class NewCustomer(RequestModel):
    """A customer to create."""

    name: Name
    status: Status = "ACTIVE"


class CustomerRef(RequestModel):
    """One of the caller's customers."""

    customer_id: UUID


class StatusChange(CustomerRef):
    """The status that a customer is to have."""

    status: Status


class CustomerFilter(RequestModel):
    """Which customers to list; what is left out does not narrow."""

    status: Status | None = None
    tag_key: TagKey | None = None
    tag_value: TagValue | None = None
    limit: Limit = 50
    cursor: str | None = None

    @field_validator("tag_value")
    @classmethod
    def _value_belongs_to_key(cls, value: str | None, fields: ValidationInfo) -> str | None:
        key_missing = "tag_key" in fields.data and fields.data["tag_key"] is None
        if value is not None and key_missing:
            raise ValueError("needs tag_key too: send the key whose value this is")
        return value


class CustomerCreated(TypedDict):
    """The customer that now exists."""

    customer_id: UUID
    status: Status
    created_at: datetime


class CustomerStatus(TypedDict):
    """The status that the customer now has, and since when."""

    customer_id: UUID
    status: Status
    updated_at: datetime


class CustomerSummary(TypedDict):
    """A customer as it is, without its tags."""

    customer_id: UUID
    name: str
    status: Status
    created_at: datetime
    updated_at: datetime


class CustomerData(CustomerSummary):
    """A customer as it is; tags sorted by key."""

    tags: dict[str, str]


class CustomerPage(TypedDict):
    """Customers, newest first; `next_cursor` is null on the last page."""

    customers: list[CustomerSummary]
    next_cursor: str | None
