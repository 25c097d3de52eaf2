"""What an operator asks of every service: to erase a user. And what the service answers."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chalicelib.appevents.events.fields import Text
from fintegrate.http.validation import Described, RequestModel

_ID = "550e8400-e29b-41d4-a716-446655440000"


class TellingEvent(RequestModel):
    """An event that was told before, and had no outcome yet."""

    event_id: Annotated[UUID, Described("Its id", _ID)]
    event_type: Annotated[str, Text(1, 100), Described("Its type", "machine.note.saved")]


class EraseRequested(RequestModel):
    """`….user.erase_requested`: the service deletes what it keeps of the user.

    What the user told before may still wait somewhere. The service does not act on it any more.
    """

    unsettled: Annotated[
        list[TellingEvent],
        Described(
            "The user's events for this service without an outcome",
            [{"event_id": _ID, "event_type": "machine.note.saved"}],
        ),
    ]


class UserErased(RequestModel):
    """`….user.erased`: the service keeps nothing of the user any more."""

    row_count: Annotated[int, Field(ge=0), Described("How many rows were deleted or emptied", 12)]
