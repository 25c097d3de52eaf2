"""GET /events/list: events, newest first."""

from chalicelib.events import store
from chalicelib.events.blueprint import events
from chalicelib.events.models import EventList, EventListing
from chalicelib.platform import endpoint
from fintegrate.endpoint import Answer, Call


@events.route("/events/list", methods=["GET"])
@endpoint(EventListing, gives=EventList)
def list_events(call: Call[EventListing]) -> Answer:
    """A page of the caller's events; the admin's are of all tenants."""
    scope = store.scope_of(call, call.body.consumer_id)
    return Answer(store.list_events(call.db, call.body, scope))
