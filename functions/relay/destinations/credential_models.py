"""What requests about credentials take and what their answers give."""

from typing import Annotated, Any, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.relay.destinations.models import MOST_ID, CreatedAt, IsActive, UpdatedAt
from fintegrate.http.validation import Described, RequestModel

StorefrontNumber = Annotated[
    int, Field(ge=1, le=MOST_ID), Described("The storefront's number, not its code", 5)
]
PlatformNumber = Annotated[int, Field(ge=1, le=MOST_ID), Described("The platform's number", 7)]
Settings = Annotated[
    dict[str, Any],
    Described(
        "What the platform's page of the documentation names", {"url": "https://example.com/in"}
    ),
]


Warnings = Annotated[list[str], Described("What to look at, though it is done", [])]


class NewCredential(RequestModel):
    """A platform's secret for a storefront."""

    storefront_id: StorefrontNumber
    platform_id: PlatformNumber
    credentials: Annotated[
        dict[str, Any],
        Described("The platform's secret fields; a webhook's secret is made here", {}),
    ]
    settings: Annotated[Settings, Field(default_factory=dict)]
    is_active: IsActive = True


class CredentialChange(RequestModel):
    """What to change of a credential; what is left out stays, and null takes a field out."""

    credentials: Annotated[
        dict[str, Any] | None,
        Described(
            "Fields in place of those that are there; empty: a webhook gets a new secret", None
        ),
    ] = None
    settings: Settings | None = None
    is_active: IsActive | None = None


class Credential(TypedDict):
    """A credential, without its values."""

    id: Annotated[int, Described("Its number", 9)]
    lane_id: Annotated[int, Described("The number of its lane", 12)]
    storefront_id: StorefrontNumber
    platform_id: PlatformNumber
    key_id: Annotated[str, Described("The key that it is sealed with", "k1")]
    field_names: Annotated[list[str], Described("Which values it has", ["secret"])]
    fingerprint: Annotated[str, Described("Changes with the values", "9f86d081884c7d65")]
    settings: Settings
    is_active: IsActive
    created_at: CreatedAt
    updated_at: UpdatedAt


class CredentialWritten(Credential):
    """The credential, without its values but for what was made here."""

    warnings: Warnings
    made: NotRequired[
        Annotated[
            dict[str, str],
            Described("What was made here, shown this once", {"secret": "whsec_…"}),
        ]
    ]


class CredentialList(TypedDict):
    """All credentials."""

    credentials: list[Credential]
