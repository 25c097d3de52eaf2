"""GET /admin/v1/events: events by what they are and by what became of them."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.events.events import read_page
from chalicelib.relay.events.models import EventFilter, EventPage
from chalicelib.relay.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call


@admin.route("/admin/v1/events", methods=["GET"])
@endpoint(EventFilter, gives=EventPage, access=Access.ADMIN)
def list_events(call: Call[EventFilter]) -> Answer:
    """List events, the newest first.

    Filters on deliveries are about one delivery together. Name a time where there are many events: the
    search ends after twenty seconds.
    """
    return Answer(read_page(call.db, call.body.model_dump()))
