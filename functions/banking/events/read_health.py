"""GET /events/health: counts and ages of waiting and failed events."""

from chalicelib.banking.events import pauses, reading
from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.models import EventsHealth, ScopedRequest
from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.wiring import endpoint
from fintegrate.http.endpoint import Answer, Call


@events.route("/events/health", methods=["GET"])
@endpoint(ScopedRequest, gives=EventsHealth, looks_up=True)
def read_health(call: Call[ScopedRequest]) -> Answer:
    """Counts and ages of the caller's events; the admin's are of all tenants."""
    scope = scope_of(call, call.body.consumer_id)
    health = reading.read_health(call.db, scope)
    return Answer({**health, "paused": pauses.read_pauses(call.db, scope)})
