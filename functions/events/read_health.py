"""GET /events/health: what waits and what failed."""

from chalicelib.events import store
from chalicelib.events.blueprint import events
from chalicelib.events.models import EventsHealth, ScopedRequest
from chalicelib.platform import endpoint
from fintegrate.endpoint import Answer, Call


@events.route("/events/health", methods=["GET"])
@endpoint(ScopedRequest, gives=EventsHealth)
def read_health(call: Call[ScopedRequest]) -> Answer:
    """Counts and ages of the caller's events; the admin's are of all tenants."""
    return Answer(store.read_health(call.db, store.scope_of(call, call.body.consumer_id)))
