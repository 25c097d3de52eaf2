"""GET /events/lane: a customer's events that wait, and what holds them."""

from chalicelib.banking.events import life
from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.life_models import Lane, LaneRef
from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Answer, Call


@events.route("/events/lane", methods=["GET"])
@endpoint(LaneRef, gives=Lane, looks_up=True)
def read_lane(call: Call[LaneRef]) -> Answer:
    """A customer's pending events in order: the head, and those that it holds back."""
    customer_id, handoff = str(call.body.customer_id), parts().settings.publish_handoff_seconds
    return Answer(life.read_lane(call.db, customer_id, scope_of(call), handoff))
