"""GET /api/v1/machines/{machine_id}/notes: the notes of a user for a machine."""

from chalicelib.appevents.machine.blueprint import machine
from chalicelib.appevents.machine.models import MachinePath, NoteList, NotePage
from chalicelib.appevents.machine.notes import list_notes as read
from chalicelib.appevents.wiring import endpoint_of
from fintegrate.http.cursors import page, page_parameters
from fintegrate.http.endpoint import Answer, Call

endpoint = endpoint_of("machine")


@machine.route("/api/v1/machines/{machine_id}/notes", methods=["GET"])
@endpoint(NotePage, gives=NoteList, path=MachinePath)
def list_notes(call: Call[NotePage]) -> Answer:
    """The caller's notes for a machine, oldest first."""
    wanted = page_parameters(call.body.cursor, call.body.limit)
    rows = read(call.db, call.caller.owner_id, call.path.machine_id, wanted)
    notes, cursor = page(rows, call.body.limit, "created_at", "note_id")
    return Answer({"notes": notes, "next_cursor": cursor})
