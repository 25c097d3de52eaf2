"""The models of the operators' requests, and of their answers."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field, model_validator
from typing_extensions import TypedDict

from chalicelib.appevents.paging import Page
from fintegrate.console.acts import Act
from fintegrate.http.cursors import NextCursor, digits_only
from fintegrate.http.validation import Described, RequestModel

_ID = "550e8400-e29b-41d4-a716-446655440000"
_AT = "2026-11-26T10:00:00.000000Z"
Service = Annotated[
    Literal["notification", "video", "settings", "program", "dm", "machine", "processing"],
    Described("Whose queue", "machine"),
]


class DeadLetterPage(Page):
    """Which dead letters to list."""

    service: Service | None = None


class Redrive(Act):
    """Which dead letters go back to their service: those named, or one service's."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"service": "machine"}]})

    ids: Annotated[
        list[UUID] | None,
        Field(min_length=1, max_length=100),
        Described("The ids of dead letters", [_ID]),
    ] = None
    service: Service | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "Redrive":
        if (self.ids is None) == (self.service is None):
            raise ValueError("either ids or service must be given, not both")
        return self


class ReconcileQuery(RequestModel):
    """How far to look back."""

    days: Annotated[
        int,
        Field(ge=1, le=90),
        BeforeValidator(digits_only),
        Described("How many days back", 7),
    ] = 7


class DeadLetter(TypedDict):
    """A message that a service could not act on. Its content is not shown."""

    dead_letter_id: Annotated[str, Described("Its id", _ID)]
    service: Annotated[str, Described("Whose queue", "machine")]
    user_id: Annotated[
        str | None, Described("The user whose event it is, if the message says so", _ID)
    ]
    client_generated_id: Annotated[
        str | None, Described("The id of the event, if the message says so", _ID)
    ]
    message_id: Annotated[str | None, Described("The message's id", _ID)]
    event_type: Annotated[str | None, Described("Its type", "machine.note.saved")]
    error_code: Annotated[str, Described("Why: a stable code", "gave_up")]
    error: Annotated[str, Described("Why, in words", "it may come later")]
    attempt: Annotated[int, Described("Retries before", 5)]
    deaths: Annotated[int, Described("How often it became a dead letter", 1)]
    failed_at: Annotated[datetime, Described("When it became a dead letter", _AT)]
    taken_at: Annotated[datetime, Described("When it was taken from its queue", _AT)]
    redriven_at: Annotated[datetime | None, Described("When it was sent back", None)]
    has_body: Annotated[bool, Described("Whether it can be sent back", True)]


class DeadLetters(TypedDict):
    """Dead letters, newest first."""

    dead_letters: list[DeadLetter]
    next_cursor: NextCursor


class Redriven(TypedDict):
    """What was sent back."""

    redriven: Annotated[int, Described("How many the broker has confirmed", 3)]
    left: Annotated[
        int, Described("How many are left for another call; in a dry run all that match", 0)
    ]


class Accounts(TypedDict):
    """The events of one service. accepted = processed + rejected + under_way."""

    service: Annotated[str, Described("The service that acts on them", "machine")]
    accepted: Annotated[int, Described("Accepted by the API", 10)]
    processed: Annotated[int, Described("Processed by the service", 8)]
    rejected: Annotated[int, Described("Rejected by the service", 1)]
    under_way: Annotated[int, Described("Without an outcome", 1)]
    unpublished: Annotated[int, Described("Of these: not on the exchange yet", 0)]
    oldest_under_way: Annotated[
        datetime | None, Described("When the oldest of them was accepted", _AT)
    ]
    dead_letters: Annotated[int, Described("Dead letters that were not sent back", 0)]
    keys: Annotated[
        int | None,
        Described("Events that the service has settled; null if its database cannot be asked", 9),
    ]
    outcomes_pending: Annotated[
        int | None,
        Described(
            "Outcomes that it has not published yet; null if its database cannot be asked", 0
        ),
    ]


class WrongCounts(TypedDict):
    """How many posts and comments have a count that differs from the rows."""

    like_count: Annotated[int, Described("Of posts and comments", 0)]
    comment_count: Annotated[int, Described("Of posts", 0)]
    reply_count: Annotated[int, Described("Of comments", 0)]


class Reconciled(TypedDict):
    """Whether every event is accounted for, and every like and comment counted."""

    balanced: Annotated[
        bool, Described("Whether the sums agree for every service, and no count differs", True)
    ]
    services: list[Accounts]
    wrong_counts: WrongCounts | None
