"""What requests about platforms take and what their answers give."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from chalicelib.relay.destinations.models import CreatedAt, Name, UpdatedAt
from fintegrate.http.validation import Described, RequestModel, Text

PlatformId = Annotated[int, Described("The platform's number", 7)]
PlatformCode = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9_]{0,63}$"),
    Described("A word for it; it never changes", "warehouse_webhook"),
]
AuthType = Annotated[
    Text,
    StringConstraints(max_length=64),
    Described("How requests prove who sends them, for readers", "signature"),
]
AdapterName = Annotated[
    Literal["sgtm", "meta", "ga4", "tiktok", "pinterest", "snapchat", "webhook"],
    Described("The adapter that speaks to it; it never changes", "webhook"),
]


class NewPlatform(RequestModel):
    """A kind of receiver to add."""

    platform_code: PlatformCode
    name: Name
    auth_type: AuthType
    adapter: AdapterName


class PlatformChange(RequestModel):
    """What to change of a platform; what is left out stays."""

    name: Name | None = None
    auth_type: AuthType | None = None


class Platform(TypedDict):
    """A kind of receiver."""

    id: PlatformId
    platform_code: PlatformCode
    name: Name
    auth_type: AuthType
    adapter: AdapterName
    created_at: CreatedAt
    updated_at: UpdatedAt


class PlatformList(TypedDict):
    """All kinds of receivers."""

    platforms: list[Platform]
