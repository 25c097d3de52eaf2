"""GET /events/rewind: how far a bank's newest rewind has come."""

from chalicelib.banking.events import rewind
from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.models import RewindProgress, RewindRef
from chalicelib.banking.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call


@events.route("/events/rewind", methods=["GET"])
@endpoint(RewindRef, gives=RewindProgress, access=Access.ADMIN, looks_up=True)
def read_rewind(call: Call[RewindRef]) -> Answer:
    """Read the newest rewind of a consumer; `waits_for` says why it does not go on."""
    return Answer(rewind.progress(call.db, str(call.body.consumer_id)))
