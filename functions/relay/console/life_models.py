"""What a request about one event at one destination takes."""

from typing import Annotated

from pydantic import StringConstraints

from fintegrate.http.validation import Described, RequestModel

EventNumbers = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^[1-9][0-9]{0,17}-[1-9][0-9]{0,17}$"),
    Described("The numbers of the event and of its lane", "4711-12"),
]


class EventRef(RequestModel):
    """One event at one destination."""

    event_id: EventNumbers
    payload: Annotated[
        bool, Described("Whether to answer what was sent, too, without user data", False)
    ] = False
