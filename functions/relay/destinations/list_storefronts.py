"""GET /admin/v1/storefronts: every shop, the oldest first. There are tens of them."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.models import StorefrontList
from chalicelib.relay.destinations.storefronts import SQL
from chalicelib.relay.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call, Nothing


@admin.route("/admin/v1/storefronts", methods=["GET"])
@endpoint(Nothing, gives=StorefrontList, access=Access.ADMIN)
def list_storefronts(call: Call[Nothing]) -> Answer:
    """List the storefronts."""
    return Answer({"storefronts": call.db.fetch_all(SQL["list"], {})})
