"""GET /events/list: events, newest first."""

from chalicelib.banking.events import reading
from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.models import EventList, EventListing
from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Answer, Call


@events.route("/events/list", methods=["GET"])
@endpoint(EventListing, gives=EventList, looks_up=True)
def list_events(call: Call[EventListing]) -> Answer:
    """A page of the caller's events; the admin's are of all tenants."""
    scope = scope_of(call, call.body.consumer_id)
    most_bytes = parts().settings.max_answer_bytes
    return Answer(reading.list_events(call.db, call.body, scope, most_bytes))
