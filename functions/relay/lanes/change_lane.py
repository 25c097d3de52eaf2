"""PATCH /admin/v1/lanes/{id}: pauses a lane, or changes its bounds."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.lanes.lanes import change
from chalicelib.relay.lanes.models import Lane, LaneChange, LanePath
from chalicelib.relay.wiring import endpoint
from fintegrate.console.acts import audited, require_reason
from fintegrate.http.endpoint import Access, Answer, Call


@admin.route("/admin/v1/lanes/{id}", methods=["PATCH"])
@endpoint(
    LaneChange,
    gives=Lane,
    access=Access.ADMIN,
    path=LanePath,
    transaction=True,
    looks_up=True,
)
def change_lane(call: Call[LaneChange]) -> Answer:
    """Pause a lane or change its bounds. Pausing keeps the backlog."""
    require_reason(call)
    lane = change(call.db, call.path.id, call.body.model_dump(exclude={"reason"}))
    return Answer(lane, audited=audited(call, None, {"state": lane["state"]}))
