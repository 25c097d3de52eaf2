"""The models of the requests about settings and feeds, and of their answers."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from typing_extensions import TypedDict

from chalicelib.appevents.events.fields import Passcode
from chalicelib.appevents.events.settings import OwnerId
from chalicelib.appevents.settings.passcodes import MOST_BYTES
from fintegrate.http.from_clients import FromClients
from fintegrate.http.validation import Described, RequestModel

_AT = "2026-11-26T10:00:00.000000Z"
Visibility = Annotated[Literal["public", "passcode"], Described("Who may see the feed", "passcode")]


class FeedAccessChange(FromClients):
    """Who may see the caller's feed from now on."""

    model_config = ConfigDict(
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"visibility": "passcode", "passcode": "open sesame"}]},
    )

    visibility: Visibility
    passcode: Annotated[
        Annotated[str, Passcode(4, 64, MOST_BYTES)] | None,
        Field(repr=False),
        Described("What viewers need; required for `passcode`", "open sesame"),
    ] = None

    @model_validator(mode="after")
    def _has_its_passcode(self) -> Self:
        if self.visibility == "passcode" and self.passcode is None:
            raise ValueError("passcode is required when visibility is passcode")
        if self.visibility == "public" and self.passcode is not None:
            raise ValueError("passcode must be left out when visibility is public")
        return self


class FeedPath(RequestModel):
    """A feed's owner in the path."""

    owner_id: OwnerId


class PasscodeGiven(FromClients):
    """A viewer gives a feed's passcode."""

    model_config = ConfigDict(hide_input_in_errors=True)

    passcode: Annotated[
        str, Passcode(1, 64), Field(repr=False), Described("The passcode", "open sesame")
    ]


class FeedAccess(TypedDict):
    """Who may see the caller's feed."""

    visibility: Visibility
    access_version: Annotated[int, Described("Each change raises it", 3)]
    changed_at: Annotated[
        datetime | None, Described("When it was changed last; null if never", _AT)
    ]


class FeedAccessChanged(FeedAccess):
    """Who may see the caller's feed now."""

    applied: Annotated[
        bool,
        Described(
            "False if the video database is away: the change then takes effect once it is back",
            True,
        ),
    ]


class Access(TypedDict):
    """Access to a feed."""

    access_token: Annotated[
        str, Described("The feed access token, for X-Feed-Access", "eyJhbGciOiJFUzI1NiIs…")
    ]
    expires_at: Annotated[datetime, Described("When it ends", _AT)]


class UserSettingsNow(TypedDict):
    """What the caller said of themselves; null where nothing was said."""

    weight: Annotated[Any, Described("Value and unit", {"value": 72.5, "unit": "kg"})]
    height: Annotated[Any, Described("Value and unit", {"value": 178, "unit": "cm"})]
    age: Annotated[int | None, Described("In years", 34)]
    training_days_per_week: Annotated[int | None, Described("How often", 3)]
    display_name: Annotated[str | None, Described("What others call them", "Ada")]


class AppSettingsNow(TypedDict):
    """How the app behaves for the caller; null where nothing was said."""

    theme: Annotated[str | None, Described("The colours", "dark")]
    language: Annotated[str | None, Described("A language tag of BCP 47", "de-AT")]
    notifications: Annotated[
        dict[str, bool],
        Described("Whether the user wants each notification, by name", {"workout_reminder": True}),
    ]


class KeySet(TypedDict):
    """The public keys that verify feed access tokens: a JSON Web Key Set (RFC 7517)."""

    keys: Annotated[
        list[dict[str, Any]],
        Described("The current one first", [{"kty": "EC", "crv": "P-256", "kid": "feed-1"}]),
    ]
