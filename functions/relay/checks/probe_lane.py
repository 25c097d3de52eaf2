"""POST /admin/v1/lanes/{id}/probe: tries one delivery of a lane now."""

from chalicelib.relay.checks.asking import probe_of
from chalicelib.relay.checks.models import CheckResult
from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.lanes.models import LanePath
from chalicelib.relay.wiring import endpoint, parts
from fintegrate.http.endpoint import Access, Answer, Call, Nothing


@admin.route("/admin/v1/lanes/{id}/probe", methods=["POST"])
@endpoint(
    Nothing,
    gives=CheckResult,
    access=Access.ADMIN,
    path=LanePath,
    transaction=True,
    looks_up=True,
)
def probe_lane(call: Call[Nothing]) -> Answer:
    """Try one delivery of a lane now, whatever its state: the one that is due next.

    The answer counts as that of any delivery: a success opens the lane.
    """
    own = parts()
    seconds = own.settings.relay_check_wait_seconds
    outcome = probe_of(call.db, call.path.id, seconds)
    return Answer(after_commit=own.nudge, outcome=outcome)
