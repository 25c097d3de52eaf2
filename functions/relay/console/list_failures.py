"""GET /relay/events/failures: what did not arrive, grouped by its cause."""

from chalicelib.relay.console import failures
from chalicelib.relay.console.blueprint import console
from chalicelib.relay.console.failure_models import Failures
from chalicelib.relay.wiring import endpoint
from fintegrate.console.shapes import CausesShown
from fintegrate.http.endpoint import Access, Answer, Call


@console.route("/relay/events/failures", methods=["GET"])
@endpoint(Failures, gives=CausesShown, access=Access.ADMIN)
def list_console_failures(call: Call[Failures]) -> Answer:
    """What was refused or expired, by lane, state, type and reason, the largest group first."""
    return Answer(failures.group_failures(call.db, call.body.stream, call.body.begin))
