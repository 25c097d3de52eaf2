"""The models of the requests about machines, and of their answers."""

from datetime import datetime
from typing import Annotated, Any

from typing_extensions import TypedDict

from chalicelib.appevents.events.machine import MachineId
from chalicelib.appevents.paging import Page
from fintegrate.http.cursors import NextCursor
from fintegrate.http.validation import Described, RequestModel


class MachinePath(RequestModel):
    """A machine's name in the path."""

    machine_id: MachineId


class NotePage(Page):
    """Which notes to list."""


class Note(TypedDict):
    """A note."""

    note_id: Annotated[str, Described("Its id", "7c9e6679-7425-40de-944b-e07fc1f90ae7")]
    body: Annotated[str, Described("The note", "Seat on 4")]
    created_at: Annotated[datetime, Described("When it was stored", "2026-11-26T10:00:00.000000Z")]


class NoteList(TypedDict):
    """Notes, oldest first."""

    notes: list[Note]
    next_cursor: NextCursor


class Prefs(TypedDict):
    """Preferences."""

    prefs: Annotated[dict[str, Any], Described("Numbers or text by name", {"seat": 4})]
