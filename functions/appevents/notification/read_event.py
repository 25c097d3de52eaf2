"""GET /api/v1/notify/events/{client_generated_id}: the outcome of an event."""

from chalicelib.appevents.notification.accept import find
from chalicelib.appevents.notification.blueprint import notification
from chalicelib.appevents.notification.models import EventPath, EventState
from chalicelib.appevents.notification.states import state_of
from chalicelib.appevents.wiring import endpoint_of, parts
from fintegrate.errors import NotFound
from fintegrate.http.endpoint import Answer, Call, Nothing

endpoint = endpoint_of("notification")
POLL_SECONDS = "1"


@notification.route("/api/v1/notify/events/{client_generated_id}", methods=["GET"])
@endpoint(Nothing, gives=EventState, path=EventPath, looks_up=True)
def read_event(call: Call[Nothing]) -> Answer:
    """One of the caller's events and its outcome; `Retry-After` while there is none."""
    wanted = str(call.path.client_generated_id)
    row = find(call.db, call.caller.owner_id, [wanted]).get(wanted)
    if row is None:
        raise NotFound("No such event; check its id")
    state = state_of(row, call.caller.owner_id, parts().sealed)
    waits = {} if row["outcome_status"] else {"Retry-After": POLL_SECONDS}
    return Answer(state, headers=waits)
