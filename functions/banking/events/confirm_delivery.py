"""POST /events/confirm-delivery: a consumer reports the result of a delivery."""

from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.counters import count_confirmation
from chalicelib.banking.events.models import Confirmation
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.database import Row
from fintegrate.errors import Conflict, NotFound
from fintegrate.http.endpoint import Answer, Call
from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)


@events.route("/events/confirm-delivery", methods=["POST"])
@endpoint(
    Confirmation, looks_up=True, conflict="The event is confirmed as processed, which is final"
)
def confirm_delivery(call: Call[Confirmation]) -> Answer:
    """Confirm an event as received, processed or failed; the same again changes nothing."""
    own = {"event_id": str(call.body.event_id), "consumer_id": call.caller.owner_id}
    said = {
        "status": call.body.status,
        "received_at": call.body.received_at,
        "failure_reason": call.body.failure_reason,
    }
    changed = call.db.fetch_one(SQL["confirm"], {**own, **said})
    if changed is None:
        _check_unchanged(call.body.status, call.db.fetch_one(SQL["read_receipt"], own))
    else:
        metrics, owner = parts().metrics, call.caller.owner_name
        count_confirmation(metrics, owner, call.body.status, changed["lag_seconds"])
    return Answer()


def _check_unchanged(status: str, receipt: Row | None) -> None:
    if receipt is None:
        raise NotFound("No such event; check event_id")
    if status == "failed" and receipt["processing_status"] == "processed":
        raise Conflict("This event is confirmed as processed, which is final")
