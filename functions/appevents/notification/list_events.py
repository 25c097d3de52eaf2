"""GET /api/v1/notify/events: the caller's events."""

from chalicelib.appevents.notification.accept import list_page
from chalicelib.appevents.notification.blueprint import notification
from chalicelib.appevents.notification.models import EventList, EventPage
from chalicelib.appevents.notification.states import state_of
from chalicelib.appevents.wiring import endpoint_of, parts
from fintegrate.http.endpoint import Answer, Call
from fintegrate.http.listings import by_time

endpoint = endpoint_of("notification")
EVENTS = by_time("events", "client_generated_id", "received_at")


@notification.route("/api/v1/notify/events", methods=["GET"])
@endpoint(EventPage, gives=EventList)
def list_events(call: Call[EventPage]) -> Answer:
    """The caller's events, newest first."""
    wanted = {
        **EVENTS.after(call.body.cursor),
        "limit": call.body.limit,
        "status": call.body.status,
    }
    rows = list_page(call.db, call.caller.owner_id, wanted)
    events, cursor = EVENTS.page(rows, call.body.limit)
    user_id, sealed = call.caller.owner_id, parts().sealed
    states = [state_of(row, user_id, sealed) for row in events]
    return Answer({"events": states, "next_cursor": cursor})
