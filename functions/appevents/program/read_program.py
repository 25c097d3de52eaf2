"""GET /api/v1/programs/{program_id}: a program with its workouts."""

from chalicelib.appevents.events.program import LAST_POSITION
from chalicelib.appevents.program.blueprint import program
from chalicelib.appevents.program.models import ProgramPath, ProgramWithWorkouts, WorkoutPage
from chalicelib.appevents.program.programs import find_program
from chalicelib.appevents.program.workouts import list_workouts
from chalicelib.appevents.wiring import endpoint_of
from fintegrate.errors import NotFound
from fintegrate.http.cursors import uuid_of
from fintegrate.http.endpoint import Answer, Call
from fintegrate.http.listings import Column, Listing, up_to

endpoint = endpoint_of("program")
WORKOUTS = Listing(
    "workouts",
    (
        Column("position", "after_number", up_to(LAST_POSITION)),
        Column("workout_id", "after_id", uuid_of),
    ),
)


@program.route("/api/v1/programs/{program_id}", methods=["GET"])
@endpoint(WorkoutPage, gives=ProgramWithWorkouts, path=ProgramPath, looks_up=True)
def read_program(call: Call[WorkoutPage]) -> Answer:
    """A program of the caller, also an archived one, and its workouts by position.

    An answer has space for some MB; a program that is larger goes on at `next_cursor`.
    """
    user_id, program_id = call.caller.owner_id, str(call.path.program_id)
    found = find_program(call.db, user_id, program_id)
    if found is None:
        raise NotFound("There is no such program")
    wanted = {**WORKOUTS.after(call.body.cursor, program_id), "limit": call.body.limit}
    rows = list_workouts(call.db, user_id, program_id, wanted)
    workouts, cursor = WORKOUTS.page(rows, call.body.limit, program_id)
    return Answer({**found, "workouts": workouts, "next_cursor": cursor})
