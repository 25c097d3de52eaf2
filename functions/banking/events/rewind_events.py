"""POST /events/rewind: empties a bank's queue and publishes its events again, in order."""

from chalicelib.banking.events import rewind
from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.models import Rewind, RewindBegun
from chalicelib.banking.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call


@events.route("/events/rewind", methods=["POST"])
@endpoint(
    Rewind,
    gives=RewindBegun,
    status=202,
    access=Access.ADMIN,
    transaction=True,
    looks_up=True,
    conflict="A rewind is running, nothing is unconfirmed, an unconfirmed event is older, or the bank "
    "has left",
)
def rewind_events(call: Call[Rewind]) -> Answer:
    """Begin a rewind, which the schedule of the same name carries out; `dry_run` only counts.

    It holds back the bank's publishing, empties its queue, publishes what the bank has not processed
    in order per customer, and lets live events go on behind. The bank's readers must connect again.
    """
    begun = rewind.begin(call.db, call.body, call.request.id)
    return Answer(begun, audited=rewind.told(begun, call.body.reason))
