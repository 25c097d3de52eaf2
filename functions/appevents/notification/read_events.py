"""POST /api/v1/notify/events/status: the outcomes of several events."""

from chalicelib.appevents.notification.accept import find
from chalicelib.appevents.notification.blueprint import notification
from chalicelib.appevents.notification.models import EventIds, EventStates
from chalicelib.appevents.notification.states import state_of
from chalicelib.appevents.wiring import endpoint_of, parts
from fintegrate.http.endpoint import Answer, Call

endpoint = endpoint_of("notification")


@notification.route("/api/v1/notify/events/status", methods=["POST"])
@endpoint(EventIds, gives=EventStates)
def read_events(call: Call[EventIds]) -> Answer:
    """These events and their outcomes. Events that are not the caller's are left out."""
    ids = list(dict.fromkeys(str(each) for each in call.body.ids))
    user_id, sealed = call.caller.owner_id, parts().sealed
    found = find(call.db, user_id, ids)
    states = [state_of(found[each], user_id, sealed) for each in ids if each in found]
    return Answer({"events": states})
