"""What the operators' requests take and what their answers give."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field, model_validator
from typing_extensions import TypedDict

from chalicelib.appevents.paging import Page
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


class Redrive(RequestModel):
    """Which dead letters go back to their service: those named, or one service's."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"service": "machine"}]})

    ids: Annotated[
        list[UUID] | None, Field(min_length=1, max_length=100), Described("Some of them", [_ID])
    ] = None
    service: Service | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "Redrive":
        if (self.ids is None) == (self.service is None):
            raise ValueError("ids or service must be given, and not both")
        return self


class ReconcileQuery(RequestModel):
    """How far to look back."""

    days: Annotated[
        int,
        Field(ge=1, le=90),
        BeforeValidator(digits_only),
        Described("Of the last so many days", 7),
    ] = 7


class DeadLetter(TypedDict):
    """A message that a service did not take. Its content is not shown."""

    dead_letter_id: Annotated[str, Described("Its id", _ID)]
    service: Annotated[str, Described("Whose queue", "machine")]
    user_id: Annotated[str | None, Described("Whose event, if it says", _ID)]
    client_generated_id: Annotated[str | None, Described("Which event, if it says", _ID)]
    message_id: Annotated[str | None, Described("The message's id", _ID)]
    event_type: Annotated[str | None, Described("Its type", "machine.note.saved")]
    error_code: Annotated[str, Described("Why: a stable word", "gave_up")]
    error: Annotated[str, Described("Why, in words", "it may come later")]
    attempt: Annotated[int, Described("Retries before", 5)]
    deaths: Annotated[int, Described("How often it came here", 1)]
    failed_at: Annotated[datetime, Described("When it died", _AT)]
    taken_at: Annotated[datetime, Described("When it was taken from its queue", _AT)]
    redriven_at: Annotated[datetime | None, Described("When it was sent back", None)]
    has_body: Annotated[bool, Described("Whether it can be sent back", True)]


class DeadLetters(TypedDict):
    """Dead letters, newest first."""

    dead_letters: list[DeadLetter]
    next_cursor: NextCursor


class Redriven(TypedDict):
    """What was sent back."""

    redriven: Annotated[int, Described("Those that the broker has", 3)]
    left: Annotated[int, Described("Those that wait for another call", 0)]


class Accounts(TypedDict):
    """The events of one service. accepted = processed + rejected + under_way."""

    service: Annotated[str, Described("Who acts on them", "machine")]
    accepted: Annotated[int, Described("Answered with 202", 10)]
    processed: Annotated[int, Described("With that outcome", 8)]
    rejected: Annotated[int, Described("With that outcome", 1)]
    under_way: Annotated[int, Described("Without an outcome", 1)]
    unpublished: Annotated[int, Described("Of these: not on the exchange yet", 0)]
    oldest_under_way: Annotated[datetime | None, Described("Since when the oldest waits", _AT)]
    dead_letters: Annotated[int, Described("Not sent back", 0)]
    keys: Annotated[
        int | None, Described("Events that the service has ended; null if it cannot be asked", 9)
    ]
    outcomes_pending: Annotated[
        int | None, Described("Outcomes that it has not published yet; null likewise", 0)
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
