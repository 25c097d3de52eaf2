"""GET /api/v1/machines/{machine_id}/prefs: the preferences of a user for a machine."""

from chalicelib.appevents.machine.blueprint import machine
from chalicelib.appevents.machine.models import MachinePath, Prefs
from chalicelib.appevents.machine.prefs import read_prefs as read
from chalicelib.appevents.wiring import endpoint_of
from fintegrate.http.endpoint import Answer, Call, Nothing

endpoint = endpoint_of("machine")


@machine.route("/api/v1/machines/{machine_id}/prefs", methods=["GET"])
@endpoint(Nothing, gives=Prefs, path=MachinePath)
def read_prefs(call: Call[Nothing]) -> Answer:
    """The caller's preferences for a machine; empty if there are none."""
    return Answer({"prefs": read(call.db, call.caller.owner_id, call.path.machine_id)})
