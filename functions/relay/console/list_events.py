"""GET /relay/events/list: events at their destinations, by what became of them."""

from chalicelib.relay.console import listing
from chalicelib.relay.console.blueprint import console
from chalicelib.relay.console.list_models import EventListing
from chalicelib.relay.wiring import endpoint
from fintegrate.console.shapes import EventsShown
from fintegrate.http.endpoint import Access, Answer, Call


@console.route("/relay/events/list", methods=["GET"])
@endpoint(EventListing, gives=EventsShown, access=Access.ADMIN)
def list_console_events(call: Call[EventListing]) -> Answer:
    """A page of events, one entry for each destination of an event.

    A page looks at 3,000 deliveries at most. Where that is too few to fill it, `truncated` says so, and
    `next_cursor` leads on.
    """
    return Answer(listing.page_of(call.db, call.body))
