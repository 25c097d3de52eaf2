"""What clients tell of machines, and what the service answers."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chalicelib.appevents.events.fields import Text
from fintegrate.http.validation import Described, RequestModel

_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
MachineId = Annotated[
    str, Text(1, 100), Described("The machine, by the name on its label", "leg-press-2")
]
NoteId = Annotated[UUID, Described("The id of the event that wrote the note", _ID)]
PrefValue = Annotated[int | float | Annotated[str, Text(0, 100)], Field(union_mode="smart")]


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
        Described("Numbers or text by name", {"seat": 4, "grip": "wide"}),
    ]


class NotePersisted(RequestModel):
    """`machine.note.persisted`: a note was written or deleted."""

    note_id: NoteId
    machine_id: MachineId
    deleted: Annotated[bool, Described("Whether it is gone", False)]


class PrefsPersisted(RequestModel):
    """`equipment.prefs.persisted`: preferences were written."""

    machine_id: MachineId
    prefs: Annotated[dict[str, PrefValue], Described("All that are kept now", {"seat": 4})]
