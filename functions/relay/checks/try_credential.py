"""POST /admin/v1/credentials/{id}/test: sends one invented event in the test mode of a credential."""

from chalicelib.relay.checks.asking import test_of
from chalicelib.relay.checks.models import CheckResult
from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.models import ItemPath
from chalicelib.relay.wiring import endpoint, parts
from fintegrate.http.endpoint import Access, Answer, Call, Nothing


@admin.route("/admin/v1/credentials/{id}/test", methods=["POST"])
@endpoint(
    Nothing,
    gives=CheckResult,
    access=Access.ADMIN,
    path=ItemPath,
    transaction=True,
    looks_up=True,
)
def try_credential(call: Call[Nothing]) -> Answer:
    """Test a credential: send one invented event in the receiver's test mode.

    Sends whatever the state of the lane, and changes nothing of it.
    """
    own = parts()
    seconds = own.settings.relay_check_wait_seconds
    outcome = test_of(call.db, "credential", call.path.id, seconds)
    return Answer(after_commit=own.nudge, outcome=outcome)
