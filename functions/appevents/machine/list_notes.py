"""GET /api/v1/machines/{machine_id}/notes: the notes of a user for a machine."""

from chalicelib.appevents.machine.blueprint import machine
from chalicelib.appevents.machine.models import MachinePath, NoteList, NotePage
from chalicelib.appevents.machine.notes import list_notes as read
from chalicelib.appevents.wiring import endpoint_of
from fintegrate.http.endpoint import Answer, Call
from fintegrate.http.listings import by_time

endpoint = endpoint_of("machine")
NOTES = by_time("notes", "note_id")


@machine.route("/api/v1/machines/{machine_id}/notes", methods=["GET"])
@endpoint(NotePage, gives=NoteList, path=MachinePath)
def list_notes(call: Call[NotePage]) -> Answer:
    """The caller's notes for a machine, oldest first."""
    user_id, machine_id = call.caller.owner_id, call.path.machine_id
    wanted = {**NOTES.after(call.body.cursor, machine_id), "limit": call.body.limit}
    rows = read(call.db, user_id, machine_id, wanted)
    notes, cursor = NOTES.page(rows, call.body.limit, machine_id)
    return Answer({"notes": notes, "next_cursor": cursor})
