"""GET /admin/v1/platforms: every kind of receiver, the oldest first."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.platform_models import PlatformList
from chalicelib.relay.destinations.platforms import SQL
from chalicelib.relay.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call, Nothing


@admin.route("/admin/v1/platforms", methods=["GET"])
@endpoint(Nothing, gives=PlatformList, access=Access.ADMIN)
def list_platforms(call: Call[Nothing]) -> Answer:
    """List the platforms."""
    return Answer({"platforms": call.db.fetch_all(SQL["list"], {})})
