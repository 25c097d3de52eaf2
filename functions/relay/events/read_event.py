"""GET /admin/v1/events/{id}: the whole life of an event."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.events.events import read
from chalicelib.relay.events.models import EventLife, EventPath
from chalicelib.relay.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call, Nothing


@admin.route("/admin/v1/events/{id}", methods=["GET"])
@endpoint(Nothing, gives=EventLife, access=Access.ADMIN, path=EventPath, looks_up=True)
def read_event(call: Call[Nothing]) -> Answer:
    """Read an event with its deliveries and attempts, without user data."""
    return Answer(read(call.db, call.path.id))
