"""GET /app/events/list: events and uploads of all users, by their state, type, time and reason."""

from chalicelib.appevents.console import listing
from chalicelib.appevents.console.blueprint import events
from chalicelib.appevents.console.models import EventListing
from chalicelib.appevents.wiring import admin_endpoint, parts
from fintegrate.console.shapes import EventsShown
from fintegrate.http.endpoint import Answer, Call


@events.route("/app/events/list", methods=["GET"])
@admin_endpoint(EventListing, gives=EventsShown)
def list_console_events(call: Call[EventListing]) -> Answer:
    """A page of events; nothing of what they say.

    A page looks at 5,000 events and 5,000 uploads at most. Where that is too few to fill it,
    `truncated` says so, and `next_cursor` leads on.
    """
    own = parts()
    return Answer(
        listing.page_of(call.db, lambda: own.service("video").request.database, call.body)
    )
