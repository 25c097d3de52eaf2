"""The events of settings and of access to feeds: what clients send, and what the service answers."""

import re
from datetime import datetime
from typing import Annotated, Literal, Self, TypeVar
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from chalicelib.appevents.events.fields import Passcode, Sealable, Text, at_least_one_of
from fintegrate.http.validation import Described, RequestModel

_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
_AT = "2026-11-26T10:00:00.000000Z"
_M = TypeVar("_M", bound=RequestModel)
_LANGUAGE = re.compile(
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})"  # language, extended language
    r"(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"  # script, region
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"  # variants
    r"(?:-[a-wy-z0-9](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?",  # extensions, private use
    re.ASCII | re.IGNORECASE,
)
"""A well-formed tag of RFC 5646, section 2.1, without the grandfathered ones."""


def _tag(text: str) -> str:
    if not _LANGUAGE.fullmatch(text):
        raise ValueError("must be a language tag of BCP 47, such as de-AT")
    return text


class Weight(RequestModel):
    """A weight, as the user entered it."""

    value: Annotated[
        float, Field(ge=20, le=500, allow_inf_nan=False), Described("The number", 72.5)
    ]
    unit: Annotated[Literal["kg", "lb"], Described("The unit", "kg")]


class Height(RequestModel):
    """A height, as the user entered it."""

    value: Annotated[float, Field(ge=50, le=300, allow_inf_nan=False), Described("The number", 178)]
    unit: Annotated[Literal["cm", "in"], Described("The unit", "cm")]


class UserSettings(RequestModel):
    """What a user says of themselves."""

    weight: Annotated[Weight | None, Described("The weight", {"value": 72.5, "unit": "kg"})] = None
    height: Annotated[Height | None, Described("The height", {"value": 178, "unit": "cm"})] = None
    age: Annotated[int | None, Field(ge=13, le=120), Described("The age in years", 34)] = None
    training_days_per_week: Annotated[
        int | None,
        Field(ge=0, le=7),
        Described("On how many days a week the user wants to train", 3),
    ] = None
    display_name: Annotated[
        Annotated[str, Text(1, 50)] | None, Described("What others call them", "Ada")
    ] = None


Notifications = Annotated[
    dict[Annotated[str, Text(1, 50)], bool],
    Described("Whether the user wants each notification, by name", {"workout_reminder": True}),
]


class AppSettings(RequestModel):
    """How the app behaves for a user."""

    theme: Annotated[
        Literal["light", "dark", "system"] | None, Described("The colours", "dark")
    ] = None
    language: Annotated[
        Annotated[str, Field(max_length=64), AfterValidator(_tag)] | None,
        Described("A language tag of BCP 47", "de-AT"),
    ] = None


class UserSettingsSubmitted(UserSettings):
    """`user.settings.submitted`: replaces the fields that it names, and leaves the others."""

    model_config = ConfigDict(json_schema_extra=at_least_one_of(UserSettings.model_fields))

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        return _with_a_field(self)


class UserSettingsPersisted(UserSettings):
    """`user.settings.persisted`: all that is kept now."""


class AppSettingsSubmitted(AppSettings):
    """`app.settings.submitted`: replaces what it names, each notification by itself."""

    model_config = ConfigDict(
        json_schema_extra=at_least_one_of((*AppSettings.model_fields, "notifications"))
    )

    notifications: Annotated[Notifications | None, Field(min_length=1, max_length=20)] = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        return _with_a_field(self)


class AppSettingsPersisted(AppSettings):
    """`app.settings.persisted`: all that is kept now."""

    notifications: Notifications


def _with_a_field(told: _M) -> _M:
    if all(value is None for _, value in told):
        names = ", ".join(type(told).model_fields)
        raise ValueError(f"must have at least one of {names}")
    return told


OwnerId = Annotated[UUID, Described("Whose feed it is", _ID)]
Version = Annotated[
    int, Field(ge=0, lt=2**63), Described("Each change of passcode or visibility raises it", 3)
]
Ends = Annotated[datetime, Described("When the access ends", _AT)]
Token = Annotated[
    Annotated[str, Sealable()] | None,
    Field(repr=False),
    Described("The feed access token, for the header X-Feed-Access", "eyJhbGciOiJFUzI1NiIs…"),
]


class _WithSecret(RequestModel):
    """A model whose errors never show the input."""

    model_config = ConfigDict(hide_input_in_errors=True)


class AccessAttempt(_WithSecret):
    """`feed.access.attempt`: a viewer gives the passcode of a feed."""

    feed_owner_id: OwnerId
    passcode: Annotated[
        str,
        Passcode(1, 64),
        Sealable(),
        Field(repr=False),
        Described("The passcode; never shown again", "open sesame"),
    ]


class AccessGranted(_WithSecret):
    """`feed.access.granted`: the viewer may see the feed until it changes, or the access ends.

    The token is missing where an endpoint has answered with it.
    """

    feed_owner_id: OwnerId
    access_token: Token = None
    expires_at: Ends
    access_version: Version


class AccessDenied(RequestModel):
    """`feed.access.denied`: the passcode is wrong, or was not checked."""

    feed_owner_id: OwnerId
    reason: Annotated[
        Literal["wrong_passcode", "too_many_tries"], Described("Why", "wrong_passcode")
    ]
    retry_after_seconds: Annotated[
        int | None, Described("In how many seconds a passcode is checked again", None)
    ] = None


class VisibilityChanged(RequestModel):
    """`feed.visibility.changed`: from now on only feed access tokens of this version are valid."""

    owner_id: OwnerId
    visibility: Annotated[Literal["public", "passcode"], Described("Who may see it", "passcode")]
    access_version: Version
