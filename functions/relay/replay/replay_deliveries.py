"""POST /admin/v1/replay: sends again what ended, or what waits."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.replay.models import Replay, Replayed
from chalicelib.relay.replay.replay import counts_of, replay
from chalicelib.relay.wiring import endpoint, parts
from fintegrate.console.acts import audited, require_reason
from fintegrate.http.endpoint import Access, Answer, Call


@admin.route("/admin/v1/replay", methods=["POST"])
@endpoint(
    Replay,
    gives=Replayed,
    access=Access.ADMIN,
    transaction=True,
    conflict="Far more would be hit than expected",
)
def replay_deliveries(call: Call[Replay]) -> Answer:
    """Make deliveries due again, at most 10,000 a call; a dry run unless `dry_run` is false.

    They go through the same lanes under the same deduplication ids, the oldest event first, behind the
    new ones. What the receiver would not take stays as it is, and is counted with the reason. An earlier
    replay never stands in the way of the next.
    """
    require_reason(call)
    own = parts()
    told = replay(call.db, own.sealing(), call.body, own.settings.relay_sweep_seconds)
    due = told["go_count"] and not told["dry_run"]
    nudged = own.nudge if due else None
    return Answer(told, after_commit=nudged, audited=audited(call, None, counts_of(told)))
