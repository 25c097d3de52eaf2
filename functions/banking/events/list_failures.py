"""GET /events/failures: what failed, grouped by its cause."""

from chalicelib.banking.events import failures
from chalicelib.banking.events.blueprint import events
from chalicelib.banking.events.failure_models import FailureGroups, Failures
from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.wiring import endpoint
from fintegrate.http.endpoint import Answer, Call


@events.route("/events/failures", methods=["GET"])
@endpoint(Failures, gives=FailureGroups, looks_up=True)
def list_failures(call: Call[Failures]) -> Answer:
    """Failed events by bank, state, type and reason, the largest group first."""
    scope = scope_of(call, call.body.consumer_id)
    return Answer(failures.group_failures(call.db, scope, call.body.begin))
