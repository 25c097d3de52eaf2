"""POST /api/v1/ops/dead-letters/redrive: send dead letters back to their services."""

from chalicelib.appevents.ops.blueprint import ops
from chalicelib.appevents.ops.dead_letters import BATCH, count_waiting, redrive
from chalicelib.appevents.ops.models import Redrive, Redriven
from chalicelib.appevents.wiring import admin_endpoint, parts
from fintegrate.console.acts import audited, check_expected, require_reason
from fintegrate.http.endpoint import Answer, Call


@ops.route("/api/v1/ops/dead-letters/redrive", methods=["POST"])
@admin_endpoint(
    Redrive,
    gives=Redriven,
    transaction=True,
    conflict="Far more would be hit than expected",
)
def redrive_dead_letters(call: Call[Redrive]) -> Answer:
    """Send back those named, or the oldest 100 of a service; call again for what is left.

    Their tries begin anew. An event that was rejected and is now processed gets that outcome.
    """
    require_reason(call)
    own, ids, service = parts(), call.body.ids, call.body.service
    named = [str(each) for each in ids] if ids is not None else None
    waiting = count_waiting(call.db, named, service)
    if call.body.dry_run:
        return Answer({"redriven": 0, "left": waiting})
    check_expected(call.body.expected_count, min(waiting, BATCH))
    redriven = redrive(call.db, own.publisher, own.settings, named, service)
    counts = {"redriven": redriven, "left": count_waiting(call.db, named, service)}
    return Answer(counts, audited=audited(call, None, counts))
