"""What the console's endpoints take and give."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, StringConstraints
from typing_extensions import TypedDict

from fintegrate.http.validation import Described, RequestModel, Text
from fintegrate.redaction import has_secret

_CONSUMER = "0b9c4c0e-4b6b-4a57-9d55-0d6c0d1c2f10"


def _without_key(actor: str | None) -> str | None:
    if actor is not None and has_secret(actor):
        raise ValueError("must not have a key in it")
    return actor


class SignIn(RequestModel):
    """Who signs in."""

    actor: Annotated[
        Text | None,
        StringConstraints(max_length=64),
        AfterValidator(_without_key),
        Described("The person's name for the audit log; the admin must give one", "Ann Example"),
    ] = None
    read_only: Annotated[
        bool, Described("Whether the session may only look, and try acts", False)
    ] = False


class SignOut(RequestModel):
    """What ends."""

    all: Annotated[bool, Described("Whether every session of the key ends", False)] = False


class SignedIn(TypedDict):
    """Who is signed in, and until when at most."""

    consumer_id: Annotated[str, Described("The consumer", _CONSUMER)]
    consumer_name: Annotated[str, Described("Its name", "bank_of_riga")]
    is_admin: Annotated[bool, Described("Whether it is the admin", False)]
    expires_at: Annotated[
        datetime, Described("When the session ends at the latest", "2026-11-27T22:00:00Z")
    ]


class WhichSystem(RequestModel):
    """Which system the pass is for."""

    system: Annotated[Literal["relay", "appevents"], Described("The system's name", "relay")]


class PassIssued(TypedDict):
    """A pass."""

    token: Annotated[
        str, Described("To be sent as X-Console-Pass", "eyJhbGciOiJIUzI1NiJ9.eyJhdWQ.c2lnbg")
    ]
    expires_at: Annotated[datetime, Described("When it ends", "2026-11-27T10:05:00Z")]


class SystemShown(TypedDict):
    """A system that the console shows to the caller."""

    name: Annotated[str, Described("Its name", "banking")]
    title: Annotated[str, Described("Its title", "Fintegrate")]
    base_path: Annotated[str, Described("Where its paths begin", "")]


class Links(TypedDict):
    """The monitoring beside the console; null without it."""

    grafana: Annotated[str | None, Described("Grafana", None)]
    prometheus: Annotated[str | None, Described("Prometheus", None)]
    traces: Annotated[str | None, Described("A trace; `{trace_id}` stands for its id", None)]
    runbooks: Annotated[str | None, Described("What comes before the path of a document", None)]


class Session(TypedDict):
    """Who calls, with which rights, and what the page has to know."""

    consumer_id: Annotated[str, Described("The consumer", _CONSUMER)]
    consumer_name: Annotated[str, Described("Its name", "bank_of_riga")]
    is_admin: Annotated[bool, Described("Whether it is the admin", False)]
    actor: Annotated[str, Described("The person's name as it was claimed", "Ann Example")]
    read_only: Annotated[bool, Described("Whether the session may only look", False)]
    expires_at: Annotated[
        datetime | None,
        Described("When the session ends; null for a key", "2026-11-27T22:00:00Z"),
    ]
    idle_expires_at: Annotated[
        datetime | None,
        Described("When it ends without a click before", "2026-11-27T10:30:00Z"),
    ]
    server_time: Annotated[datetime, Described("The server's clock", "2026-11-27T10:00:00Z")]
    version: Annotated[str, Described("The API's version", "1.0.0")]
    stage: Annotated[str, Described("Where this runs", "local")]
    thresholds: Annotated[
        dict[str, float], Described("What each condition is compared with", {"held_back": 0})
    ]
    systems: list[SystemShown]
    links: Links


FIRST: SystemShown = {"name": "banking", "title": "Fintegrate", "base_path": ""}
OTHERS: dict[str, SystemShown] = {
    "relay": {"name": "relay", "title": "Relay", "base_path": "/relay"},
    "appevents": {"name": "appevents", "title": "app.events", "base_path": "/app"},
}
"""The system that has the console; those beside it, and where their paths for it begin."""
