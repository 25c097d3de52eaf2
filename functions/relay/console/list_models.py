"""What a list of the relay's events takes."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.relay.console.overview_models import Stream
from fintegrate.http.cursors import Cursor, Limit
from fintegrate.http.several import SEVERAL
from fintegrate.http.span import Span
from fintegrate.http.validation import Described, Text

State = Literal["waiting", "held_back", "delivered", "failed", "expired", "skipped"]
Line = Annotated[Text, StringConstraints(max_length=255)]


class EventListing(Span):
    """Which events at which destinations; all conditions hold."""

    stream: Stream = None
    states: Annotated[
        Annotated[list[State], Field(min_length=1, max_length=6)] | None,
        SEVERAL,
        Described("Only in one of these states", None),
    ] = None
    event_types: Annotated[
        Annotated[list[Line], Field(min_length=1, max_length=20)] | None,
        SEVERAL,
        Described("Only of one of these types", None),
    ] = None
    reason: Annotated[
        Annotated[Text, StringConstraints(max_length=200)] | None,
        Described("A part of the reason why it was not delivered", None),
    ] = None
    event: Annotated[
        Line | None, Described("Its number or its own id: the shop's, or the order's", None)
    ] = None
    order: Annotated[
        Literal["newest", "oldest"], Described("Which come first, by their numbers", None)
    ] = "newest"
    limit: Limit = 50
    cursor: Annotated[Cursor, Field(max_length=200)] | None = None
