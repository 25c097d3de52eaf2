"""GET /relay/events/data: what happened to one event at one destination."""

from chalicelib.relay.console import life
from chalicelib.relay.console.blueprint import console
from chalicelib.relay.console.life_models import EventRef
from chalicelib.relay.wiring import endpoint
from fintegrate.console.shapes import LifeShown
from fintegrate.http.audit import Audited
from fintegrate.http.endpoint import Access, Answer, Call

READ = "read the payload of event {event_id}"


@console.route("/relay/events/data", methods=["GET"])
@endpoint(EventRef, gives=LifeShown, access=Access.ADMIN, looks_up=True)
def read_console_event(call: Call[EventRef]) -> Answer:
    """Its steps, who held it for how long, and what became of it at the other destinations.

    With `payload` also what was sent, without user data; the audit log has a row of that.
    """
    event_id, payload = call.body.event_id, call.body.payload
    event = life.read_event(call.db, event_id, payload=payload)
    audited = Audited(READ.format(event_id=event_id)) if payload else None
    return Answer(event, audited=audited)
