"""POST /console/session: exchanges a key for a session in a cookie."""

from chalicelib.console.blueprint import console
from chalicelib.console.models import SignedIn, SignIn
from chalicelib.console.wiring import endpoint, parts
from fintegrate.access.by_session import cookie
from fintegrate.errors import Invalid
from fintegrate.http.audit import Audited
from fintegrate.http.endpoint import Answer, Call


@console.route("/console/session", methods=["POST"])
@endpoint(
    SignIn,
    gives=SignedIn,
    status=201,
    transaction=True,
    idempotency=False,
    schemes=("ApiKey",),
)
def start_session(call: Call[SignIn]) -> Answer:
    """Sign in with the key: the answer sets a cookie that stands for it.

    The session ends 30 minutes after the last click, 12 hours after the sign-in, and with its key. A
    key has at most 20; the oldest ends.
    """
    caller, wanted = call.caller, call.body
    if caller.is_admin and wanted.actor is None:
        raise Invalid("actor: is required of the admin; say who you are")
    began = parts().sessions.begin(caller, wanted.actor or "", read_only=wanted.read_only)
    data = {
        "consumer_id": caller.owner_id,
        "consumer_name": caller.owner_name,
        "is_admin": caller.is_admin,
        "expires_at": began.expires_at,
    }
    person = caller._replace(actor=wanted.actor or "", session_id=began.session_id)
    said = Audited("signed in", None, {"read_only": wanted.read_only}, by=person)
    return Answer(data, headers={"Set-Cookie": cookie(began.token)}, audited=said)
