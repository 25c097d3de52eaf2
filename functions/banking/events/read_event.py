"""GET /events/data: one event's history."""

from chalicelib.banking.events import life
from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.life_models import EventLife, EventRef
from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.audit import Audited
from fintegrate.http.endpoint import Answer, Call

READ = "read the message of event {event_id}"


@events.route("/events/data", methods=["GET"])
@endpoint(
    EventRef,
    gives=EventLife,
    looks_up=True,
    conflict="The event is archived, and there is no object store",
)
def read_event(call: Call[EventRef]) -> Answer:
    """Every publish and delivery fact, receipts, dead letters, attempts, and their timeline.

    The message too, unless `payload` is false. An archived event is read from its file, and `archive`
    says where that is. The admin's look at it is in the audit log.
    """
    wanted, payload = str(call.body.event_id), call.body.payload
    store = parts().object_store.require
    event = life.read_event(call.db, wanted, scope_of(call), store, payload=payload)
    audited = None
    if call.caller.is_admin and payload:
        audited = Audited(READ.format(event_id=wanted), event["consumer_id"])
    return Answer(event, audited=audited)
