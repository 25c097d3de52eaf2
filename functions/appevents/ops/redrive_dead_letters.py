"""POST /api/v1/ops/dead-letters/redrive: send dead letters back to their services."""

from chalicelib.appevents.ops.blueprint import ops
from chalicelib.appevents.ops.dead_letters import redrive
from chalicelib.appevents.ops.models import Redrive, Redriven
from chalicelib.appevents.wiring import admin_endpoint, parts
from fintegrate.console.acts import audited, require_reason
from fintegrate.http.endpoint import Answer, Call


@ops.route("/api/v1/ops/dead-letters/redrive", methods=["POST"])
@admin_endpoint(Redrive, gives=Redriven, transaction=True)
def redrive_dead_letters(call: Call[Redrive]) -> Answer:
    """Send back those named, or the oldest 100 of a service; call again for what is left.

    Their tries begin anew. An event that was rejected and is now processed gets that outcome.
    """
    require_reason(call)
    own, ids = parts(), call.body.ids
    named = [str(each) for each in ids] if ids is not None else None
    redriven, left = redrive(call.db, own.publisher, own.settings, named, call.body.service)
    counts = {"redriven": redriven, "left": left}
    return Answer(counts, audited=audited(call, None, counts))
