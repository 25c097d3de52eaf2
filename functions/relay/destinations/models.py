"""What requests about storefronts take and what their answers give."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from typing_extensions import TypedDict

from chalicelib.relay.values.countries import ALPHA_2
from chalicelib.relay.values.money import DIGITS
from fintegrate.http.cursors import digits_only
from fintegrate.http.validation import Described, RequestModel, Text

MOST_ID = 2_147_483_647


def known_currency(text: str) -> str:
    """A currency's code of ISO 4217."""
    if text not in DIGITS:
        raise ValueError("must be a currency's code of ISO 4217")
    return text


def known_country(text: str) -> str:
    """A country's code of ISO 3166-1 alpha-2."""
    if text.lower() not in ALPHA_2:
        raise ValueError("must be a country's code of ISO 3166-1 alpha-2")
    return text


Code = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$"),
    Described("The code that the order system uses; it never changes", "bosley"),
]
Name = Annotated[
    Text, StringConstraints(max_length=255), Described("The name to show to people", "Bosley")
]
Currency = Annotated[
    str, AfterValidator(known_currency), Described("What prices are in, unless said", "USD")
]
Country = Annotated[
    str,
    AfterValidator(known_country),
    StringConstraints(to_upper=True),
    Described("Whose national phone numbers are meant", "US"),
]
IsActive = Annotated[bool, Described("Whether it gets events", True)]
StorefrontId = Annotated[int, Described("The storefront's number", 5)]


_AT = "2026-11-26T10:00:00.000000Z"
CreatedAt = Annotated[datetime, Described("When it was added", _AT)]
UpdatedAt = Annotated[datetime, Described("When it was last changed", _AT)]


class ItemPath(RequestModel):
    """The number at the end of the path."""

    id: Annotated[
        int, Field(ge=1, le=MOST_ID), BeforeValidator(digits_only), Described("Its number", 5)
    ]


class NewStorefront(RequestModel):
    """A shop to add."""

    storefront_id: Code
    name: Name
    is_active: IsActive = True
    currency: Currency = "USD"
    country: Country = "US"


class StorefrontChange(RequestModel):
    """What to change of a shop; what is left out stays."""

    name: Name | None = None
    is_active: IsActive | None = None
    currency: Currency | None = None
    country: Country | None = None


class Storefront(TypedDict):
    """A shop."""

    id: StorefrontId
    storefront_id: Code
    name: Name
    is_active: IsActive
    currency: Currency
    country: Country
    created_at: CreatedAt
    updated_at: UpdatedAt


class StorefrontList(TypedDict):
    """All shops."""

    storefronts: list[Storefront]
