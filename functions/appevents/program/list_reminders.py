"""GET /api/v1/reminders: the reminders of a user's workouts."""

from chalicelib.appevents.program.blueprint import reminders
from chalicelib.appevents.program.models import REMINDERS, ReminderList, ReminderPage
from chalicelib.appevents.program.reminders import list_reminders as read
from chalicelib.appevents.wiring import endpoint_of
from fintegrate.http.endpoint import Answer, Call

endpoint = endpoint_of("program")


@reminders.route("/api/v1/reminders", methods=["GET"])
@endpoint(ReminderPage, gives=ReminderList)
def list_reminders(call: Call[ReminderPage]) -> Answer:
    """The caller's reminders whose time has come, newest first."""
    wanted = {**REMINDERS.after(call.body.cursor), "limit": call.body.limit}
    rows = read(call.db, call.caller.owner_id, wanted)
    due, cursor = REMINDERS.page(rows, call.body.limit)
    return Answer({"reminders": due, "next_cursor": cursor})
