"""GET /api/v1/programs: a user's programs."""

from chalicelib.appevents.program.blueprint import program
from chalicelib.appevents.program.models import PROGRAMS, ProgramList, ProgramPage
from chalicelib.appevents.program.programs import list_programs as read
from chalicelib.appevents.wiring import endpoint_of
from fintegrate.http.endpoint import Answer, Call

endpoint = endpoint_of("program")


@program.route("/api/v1/programs", methods=["GET"])
@endpoint(ProgramPage, gives=ProgramList)
def list_programs(call: Call[ProgramPage]) -> Answer:
    """The caller's programs, newest first: those in use, or those that are archived."""
    asked = call.body
    place = PROGRAMS.after(asked.cursor, asked.archived)
    wanted = {**place, "limit": asked.limit, "archived": asked.archived == "true"}
    rows = read(call.db, call.caller.owner_id, wanted)
    programs, cursor = PROGRAMS.page(rows, asked.limit, asked.archived)
    return Answer({"programs": programs, "next_cursor": cursor})
