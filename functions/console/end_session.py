"""DELETE /console/session: signs out."""

from chalicelib.console.blueprint import console
from chalicelib.console.models import SignOut
from chalicelib.console.wiring import endpoint, parts
from fintegrate.access.by_session import NO_COOKIE
from fintegrate.http.audit import Audited
from fintegrate.http.endpoint import Answer, Call


@console.route("/console/session", methods=["DELETE"])
@endpoint(SignOut, transaction=True, for_readers=True)
def end_session(call: Call[SignOut]) -> Answer:
    """Sign out: the session ends, or with `all` every one of its key."""
    ended = parts().sessions.end(call.caller, every=call.body.all)
    said = Audited("signed out", None, {"all": call.body.all, "ended": ended})
    return Answer(headers={"Set-Cookie": NO_COOKIE}, audited=said)
