"""What requests about customers take and what their answers give.

Leaves tags to `tag_models` and snapshots to `snapshot_models`.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import StringConstraints, ValidationInfo, field_validator
from typing_extensions import TypedDict

from chalicelib.banking.customer.tag_models import TagKey, Tags, TagValue
from chalicelib.banking.fields import CustomerId
from fintegrate.http.cursors import Cursor, Limit, NextCursor
from fintegrate.http.validation import Described, RequestModel, Text

Status = Literal["ACTIVE", "INACTIVE"]
_NAME = Described("The name", "John Richard Doe")
Name = Annotated[Text, StringConstraints(max_length=255), _NAME]


class NewCustomer(RequestModel):
    """A customer to create."""

    name: Name
    status: Status = "ACTIVE"


class CustomerRef(RequestModel):
    """One of the caller's customers."""

    customer_id: CustomerId


class StatusChange(CustomerRef):
    """The status that a customer is to have."""

    status: Status


class CustomerFilter(RequestModel):
    """Which customers to list; what is left out does not narrow."""

    status: Status | None = None
    tag_key: TagKey | None = None
    tag_value: TagValue | None = None
    limit: Limit = 50
    cursor: Cursor | None = None

    @field_validator("tag_value")
    @classmethod
    def _value_belongs_to_key(cls, value: str | None, fields: ValidationInfo) -> str | None:
        key_missing = "tag_key" in fields.data and fields.data["tag_key"] is None
        if value is not None and key_missing:
            raise ValueError("needs tag_key too: send the key whose value this is")
        return value


class CustomerCreated(TypedDict):
    """The customer that now exists."""

    customer_id: CustomerId
    status: Status
    created_at: datetime


class CustomerStatus(TypedDict):
    """The status that the customer now has, and since when."""

    customer_id: CustomerId
    status: Status
    updated_at: datetime


class CustomerSummary(TypedDict):
    """A customer as it is, without its tags."""

    customer_id: CustomerId
    name: Annotated[str, _NAME]
    status: Status
    created_at: datetime
    updated_at: datetime


class CustomerData(CustomerSummary):
    """A customer as it is; tags sorted by key."""

    tags: Tags


class CustomerPage(TypedDict):
    """Customers, newest first; `next_cursor` is null on the last page."""

    customers: list[CustomerSummary]
    next_cursor: NextCursor
