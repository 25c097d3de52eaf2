"""POST /api/v1/ops/dead-letters/redrive: send dead letters back to their services."""

import logging

from chalicelib.appevents.ops.blueprint import ops
from chalicelib.appevents.ops.dead_letters import redrive
from chalicelib.appevents.ops.models import Redrive, Redriven
from chalicelib.appevents.wiring import admin_endpoint, parts
from fintegrate.http.endpoint import Answer, Call

log = logging.getLogger(__name__)


@ops.route("/api/v1/ops/dead-letters/redrive", methods=["POST"])
@admin_endpoint(Redrive, gives=Redriven)
def redrive_dead_letters(call: Call[Redrive]) -> Answer:
    """Send back those named, or the oldest 100 of a service; call again for what is left.

    Their tries begin anew. An event that was rejected and is now processed gets that outcome.
    """
    own, ids, caller = parts(), call.body.ids, call.caller
    who = f"{caller.actor} of session {caller.session_id}" if caller.actor else caller.owner_name
    log.info("%s redrives %s", who, ids or call.body.service)
    named = [str(each) for each in ids] if ids is not None else None
    redriven, left = redrive(call.db, own.publisher, own.settings, named, call.body.service)
    return Answer({"redriven": redriven, "left": left})
