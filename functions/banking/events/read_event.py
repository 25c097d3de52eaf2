"""GET /events/data: one event's history."""

from chalicelib.banking.events import reading
from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.models import EventLife, EventRef
from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.wiring import endpoint
from fintegrate.http.endpoint import Answer, Call


@events.route("/events/data", methods=["GET"])
@endpoint(EventRef, gives=EventLife, looks_up=True)
def read_event(call: Call[EventRef]) -> Answer:
    """Payload, every publish and delivery fact, receipts, dead letters."""
    return Answer(reading.read_event(call.db, str(call.body.event_id), scope_of(call)))
