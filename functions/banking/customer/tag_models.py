"""What requests about tags take and what their answers give."""

from collections import Counter
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints, ValidationInfo, field_validator
from typing_extensions import TypedDict

from fintegrate.http.validation import Printable, RequestModel, Text

TagKey = Annotated[Text, StringConstraints(max_length=100)]
TagValue = Annotated[Printable, StringConstraints(max_length=1000)]


class NewTags(RequestModel):
    """Tags to add to a customer: keys and values, by position."""

    customer_id: UUID
    tag_keys: Annotated[list[TagKey], Field(min_length=1, max_length=50)]
    tag_values: Annotated[list[TagValue], Field(min_length=1, max_length=50)]

    @field_validator("tag_keys")
    @classmethod
    def _distinct(cls, keys: list[str]) -> list[str]:
        repeated = [key for key, count in Counter(keys).items() if count > 1]
        if repeated:
            raise ValueError(f"must be distinct, {repeated[0]!r} is given more than once")
        return keys

    @field_validator("tag_values")
    @classmethod
    def _as_many_as_keys(cls, values: list[str], fields: ValidationInfo) -> list[str]:
        keys = fields.data.get("tag_keys")
        if keys is not None and len(keys) != len(values):
            raise ValueError(f"must have one value for each of {len(keys)} keys, got {len(values)}")
        return values


class TagRef(RequestModel):
    """One tag of a customer."""

    customer_id: UUID
    tag_key: TagKey


class NewTagKey(TagRef):
    """The key that a tag is to have instead."""

    new_tag_key: TagKey


class NewTagValue(TagRef):
    """The value that a tag is to have instead."""

    new_tag_value: TagValue


class TagValueData(TypedDict):
    """What a tag says."""

    tag_value: str
