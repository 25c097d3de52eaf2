"""GET /api/v1/programs/{program_id}/sessions: what a user did of a program."""

from chalicelib.appevents.program.blueprint import program
from chalicelib.appevents.program.models import SESSIONS, ProgramPath, SessionList, SessionPage
from chalicelib.appevents.program.programs import find_program
from chalicelib.appevents.program.sessions import list_sessions as read
from chalicelib.appevents.wiring import endpoint_of
from fintegrate.errors import NotFound
from fintegrate.http.endpoint import Answer, Call

endpoint = endpoint_of("program")


@program.route("/api/v1/programs/{program_id}/sessions", methods=["GET"])
@endpoint(SessionPage, gives=SessionList, path=ProgramPath, looks_up=True)
def list_sessions(call: Call[SessionPage]) -> Answer:
    """The sessions of a program of the caller, newest first."""
    user_id, program_id = call.caller.owner_id, str(call.path.program_id)
    if find_program(call.db, user_id, program_id) is None:
        raise NotFound("There is no such program")
    wanted = {**SESSIONS.after(call.body.cursor, program_id), "limit": call.body.limit}
    rows = read(call.db, user_id, program_id, wanted)
    sessions, cursor = SESSIONS.page(rows, call.body.limit, program_id)
    return Answer({"sessions": sessions, "next_cursor": cursor})
