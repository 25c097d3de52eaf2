"""What lists of events take and give."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from chalicelib.banking.events.models import (
    DeliverStatus,
    EventState,
    EventSummary,
    PublishStatus,
    ScopedRequest,
)
from chalicelib.banking.events.topology import EventType
from chalicelib.banking.fields import CustomerId
from fintegrate.console.totals import AtLeast, Count
from fintegrate.http.cursors import Cursor, Limit, NextCursor
from fintegrate.http.several import SEVERAL
from fintegrate.http.span import Span
from fintegrate.http.validation import Described, Instant, Text

Part = Annotated[Text, StringConstraints(max_length=200)]
Truncated = Annotated[
    bool,
    Described(
        "Whether the search ended at its bound before the page was full; a page may be empty", False
    ),
]


class EventFilters(ScopedRequest, Span):
    """Which events; all conditions hold."""

    customer_id: CustomerId | None = None
    event_type: EventType | None = None
    publish_status: PublishStatus | None = None
    deliver_status: DeliverStatus | None = None
    states: Annotated[
        Annotated[list[EventState], Field(min_length=1, max_length=8)] | None,
        SEVERAL,
        Described("Only in one of these states", None),
    ] = None
    event_types: Annotated[
        Annotated[list[EventType], Field(min_length=1, max_length=4)] | None,
        SEVERAL,
        Described("Only of one of these types", None),
    ] = None
    reason: Annotated[
        Part | None, Described("A part of the reason why it was not published or delivered", None)
    ] = None
    request_id: Annotated[
        Annotated[str, StringConstraints(pattern="^[A-Za-z0-9._-]{1,128}$")] | None,
        Described("Written by the request with this `X-Request-Id`", None),
    ] = None
    payload_contains: Annotated[
        Part | None,
        Described("A part of the payload's text; `from` and `to` are at most 24 hours apart", None),
    ] = None


class EventListing(EventFilters):
    """Which events to list, and how."""

    order: Annotated[
        Literal["newest", "oldest"], Described("Which come first, by time of creation", None)
    ] = "newest"
    format: Annotated[
        Literal["json", "csv"],
        Described("With `csv` up to 10,000 rows; `X-Next-Cursor` leads to more", None),
    ] = "json"
    total: Annotated[bool, Described("Whether the first page counts what matches", None)] = True
    limit: Limit = 50
    cursor: Annotated[Cursor, Field(max_length=200)] | None = None


class EventTailing(EventFilters):
    """Which new events to list, and which to look at again."""

    after: Annotated[
        Instant | None, Described("`after` of the answer before; without it nothing is new", None)
    ] = None
    watch: Annotated[
        Annotated[list[UUID], Field(max_length=100)] | None,
        SEVERAL,
        Described("Events whose state is wanted, whatever the filters", None),
    ] = None
    limit: Limit = 200


class EventRow(EventSummary):
    """An event without its payload, in a list."""

    state: EventState
    lag_ms: Annotated[
        int | None,
        Described(
            "From its creation to its delivery, until now while it is not delivered; null if it failed",
            240,
        ),
    ]
    consumer_name: Annotated[str, Described("The name of its consumer", "bank_north")]


class EventList(TypedDict):
    """A page of events."""

    events: list[EventRow]
    next_cursor: NextCursor
    total: Count
    at_least: AtLeast
    truncated: Truncated


class EventTail(TypedDict):
    """What is new, newest first, and what was asked for by id.

    Commits are not in the order of creation, so the last ten seconds before `after` are listed again.
    """

    events: list[EventRow]
    watched: list[EventRow]
    after: Annotated[
        datetime,
        Described("Send it as `after` to get what comes next", "2026-01-15T09:30:00+00:00"),
    ]
    as_of: datetime
    truncated: Truncated
