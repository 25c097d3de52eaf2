"""GET /admin/v1/storefronts/{id}: a shop."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.models import ItemPath, Storefront
from chalicelib.relay.destinations.storefronts import SQL, found
from chalicelib.relay.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call, Nothing


@admin.route("/admin/v1/storefronts/{id}", methods=["GET"])
@endpoint(Nothing, gives=Storefront, access=Access.ADMIN, path=ItemPath, looks_up=True)
def read_storefront(call: Call[Nothing]) -> Answer:
    """Read a storefront."""
    return Answer(found(call.db.fetch_one(SQL["read"], {"id": call.path.id})))
