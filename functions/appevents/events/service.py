"""What every service may answer."""

from typing import Annotated

from chalicelib.appevents.events.fields import Text
from fintegrate.http.validation import Described, RequestModel


class EventRejected(RequestModel):
    """`event.rejected`: an event that can never succeed."""

    event_type: Annotated[str, Described("The type of the rejected event", "machine.note.saved")]
    reason_code: Annotated[str, Described("A stable code that a program can act on", "id_taken")]
    reason: Annotated[str, Text(0, 500), Described("In words", "Another note has this id")]
