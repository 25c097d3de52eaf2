"""GET /console/session: who calls, with which rights, and what the page has to know."""

from datetime import UTC, datetime

from chalicelib import systems
from chalicelib.console.blueprint import console
from chalicelib.console.models import FIRST, OTHERS, Session
from chalicelib.console.wiring import endpoint, parts
from fintegrate.http.endpoint import Answer, Call, Nothing


@console.route("/console/session", methods=["GET"])
@endpoint(Nothing, gives=Session)
def read_session(call: Call[Nothing]) -> Answer:
    """Who calls, until when, and what this server has."""
    own, caller = parts(), call.caller
    until = own.sessions.read(caller) or {"expires_at": None, "idle_expires_at": None}
    return Answer(
        {
            "consumer_id": caller.owner_id,
            "consumer_name": caller.owner_name,
            "is_admin": caller.is_admin,
            "actor": caller.actor,
            "read_only": caller.read_only,
            **until,
            "server_time": datetime.now(UTC),
            "version": systems.with_console().description().version,
            "stage": own.stage,
            "thresholds": own.thresholds(),
            "systems": [FIRST, *(OTHERS[name] for name in own.systems if caller.is_admin)],
            "links": own.links,
        }
    )
