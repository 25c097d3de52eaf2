"""GET /admin/v1/platforms/{id}: a kind of receiver."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.models import ItemPath
from chalicelib.relay.destinations.platform_models import Platform
from chalicelib.relay.destinations.platforms import SQL
from chalicelib.relay.destinations.storefronts import found
from chalicelib.relay.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call, Nothing


@admin.route("/admin/v1/platforms/{id}", methods=["GET"])
@endpoint(Nothing, gives=Platform, access=Access.ADMIN, path=ItemPath, looks_up=True)
def read_platform(call: Call[Nothing]) -> Answer:
    """Read a platform."""
    return Answer(found(call.db.fetch_one(SQL["read"], {"id": call.path.id}), "platform"))
