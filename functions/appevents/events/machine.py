"""The events of machines: what clients send, and what the service answers."""

import math
from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, ValidationError, WrapValidator

from chalicelib.appevents.events.fields import Text
from fintegrate.http.validation import Described, RequestModel

_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
MachineId = Annotated[
    str, Text(1, 100), Described("The machine, by the name on its label", "leg-press-2")
]
NoteId = Annotated[UUID, Described("The id of the event that wrote the note", _ID)]


def _number_or_text(value: object, read: Callable[[object], Any]) -> Any:
    """One sentence, where pydantic has one for each type. No database takes what is not finite."""
    try:
        found = read(value)
        if isinstance(found, str) or math.isfinite(found):
            return found
    except (ValidationError, OverflowError):  # a whole number may be larger than any float
        pass
    raise ValueError(
        "must be a number that a double can hold, or text of at most 100 characters without control "
        "characters"
    )


PrefValue = Annotated[
    int | float | Annotated[str, Text(0, 100)],
    Field(union_mode="smart"),
    WrapValidator(_number_or_text),
]


class NoteSaved(RequestModel):
    """`machine.note.saved`: a note whose id is that of the event."""

    machine_id: MachineId
    body: Annotated[str, Text(1, 2000), Described("The note", "Seat on 4")]


class NoteDeleted(RequestModel):
    """`machine.note.deleted`: a note of the user's own."""

    note_id: NoteId


class PrefsSubmitted(RequestModel):
    """`equipment.prefs.submitted`: replaces the preferences that it names, and leaves the others."""

    machine_id: MachineId
    prefs: Annotated[
        dict[Annotated[str, Text(1, 50)], PrefValue],
        Field(min_length=1, max_length=20),
        Described("Numbers or text, by name", {"seat": 4, "grip": "wide"}),
    ]


class NotePersisted(RequestModel):
    """`machine.note.persisted`: a note was written or deleted."""

    note_id: NoteId
    machine_id: MachineId
    deleted: Annotated[bool, Described("Whether it is deleted", False)]


class PrefsPersisted(RequestModel):
    """`equipment.prefs.persisted`: preferences were written."""

    machine_id: MachineId
    prefs: Annotated[
        dict[str, PrefValue], Described("All preferences as they are now", {"seat": 4})
    ]
