"""GET /admin/v1/health: how the lanes, the intake and the key ring are."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.ledger import health
from chalicelib.relay.ledger.models import RelayHealth
from chalicelib.relay.wiring import endpoint, parts
from fintegrate.http.endpoint import Access, Answer, Call, Nothing


@admin.route("/admin/v1/health", methods=["GET"])
@endpoint(Nothing, gives=RelayHealth, access=Access.ADMIN)
def read_health(call: Call[Nothing]) -> Answer:
    """Read how the relay is: each lane, what waits for the intake, and keys that are missing."""
    return Answer(health.read_health(call.db, parts().sealing()))
