"""GET /events/list: events by their state, type, time, reason and more."""

from chalicelib.banking.events import listing
from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.list_models import EventList, EventListing
from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.console import csv_rows
from fintegrate.http.endpoint import Answer, Call


@events.route("/events/list", methods=["GET"])
@endpoint(EventListing, gives=EventList, looks_up=True, may_give=csv_rows.TYPE)
def list_events(call: Call[EventListing]) -> Answer:
    """A page of the caller's events; the admin's are of all tenants.

    A page looks at 10,000 events at most. Where that is too few to fill it, `truncated` says so, and
    `next_cursor` leads on. A search in payloads goes on for two seconds.
    """
    scope = scope_of(call, call.body.consumer_id)
    most_bytes = parts().settings.max_answer_bytes
    if call.body.format == "csv":
        text, headers = listing.csv_of(call.db, call.body, scope, most_bytes)
        return Answer(text, headers=headers, media_type=csv_rows.TYPE)
    return Answer(listing.page_of(call.db, call.body, scope, most_bytes))
