"""GET /admin/v1/lanes: every lane, its state and its backlog."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.lanes.lanes import read_all
from chalicelib.relay.lanes.models import LaneList
from chalicelib.relay.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call, Nothing


@admin.route("/admin/v1/lanes", methods=["GET"])
@endpoint(Nothing, gives=LaneList, access=Access.ADMIN)
def list_lanes(call: Call[Nothing]) -> Answer:
    """List the lanes."""
    return Answer({"lanes": read_all(call.db)})
