"""GET /console/pass: lets the operator look at another system."""

from datetime import UTC, datetime

from chalicelib.console.blueprint import console
from chalicelib.console.models import PassIssued, WhichSystem
from chalicelib.console.wiring import endpoint, parts
from fintegrate.errors import Forbidden, NotFound
from fintegrate.http.endpoint import Access, Answer, Call


@console.route("/console/pass", methods=["GET"])
@endpoint(WhichSystem, gives=PassIssued, access=Access.ADMIN, looks_up=True)
def read_pass(call: Call[WhichSystem]) -> Answer:
    """A pass for another system, for five minutes; only a session gets one.

    It has the rights of the session: one that may only look is refused acts there, too.
    """
    if call.caller.session_id is None:
        raise Forbidden("A pass is for who is signed in; use the other system's own credentials")
    own, system = parts(), call.body.system
    if own.passes is None or system not in own.systems:
        raise NotFound("This console shows no such system")
    issued = own.passes.issue(system, call.caller)
    return Answer({"token": issued.token, "expires_at": datetime.fromtimestamp(issued.ends, UTC)})
