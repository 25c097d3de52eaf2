"""What requests about tags take and what their answers give."""

from collections import Counter
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationInfo, field_validator
from typing_extensions import TypedDict

from chalicelib.banking.fields import CustomerId
from fintegrate.http.validation import Described, Printable, RequestModel, Text

_VALUE = Described("The tag's value", "retail")
TagKey = Annotated[Text, StringConstraints(max_length=100), Described("The tag's key", "segment")]
TagValue = Annotated[Printable, StringConstraints(max_length=1000), _VALUE]
Tags = Annotated[dict[str, str], Described("Values by key, sorted by key", {"segment": "retail"})]


class NewTags(RequestModel):
    """Tags to add to a customer: keys and values, by position."""

    customer_id: CustomerId
    tag_keys: Annotated[
        list[TagKey],
        Field(min_length=1, max_length=50),
        Described("Distinct keys; the value of each has the same position", ["segment"]),
    ]
    tag_values: Annotated[
        list[TagValue],
        Field(min_length=1, max_length=50),
        Described("As many values as keys, by position", ["retail"]),
    ]

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

    customer_id: CustomerId
    tag_key: TagKey


class NewTagKey(TagRef):
    """The key that a tag is to have instead."""

    new_tag_key: Annotated[TagKey, Described("The key that the tag gets", "risk_class")]


class NewTagValue(TagRef):
    """The value that a tag is to have instead."""

    new_tag_value: Annotated[TagValue, Described("The value that the tag gets", "private")]


class TagValueData(TypedDict):
    """What a tag says."""

    tag_value: Annotated[str, _VALUE]
