"""DELETE /admin/v1/storefronts/{id}: deletes a shop that has nothing left."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.models import ItemPath
from chalicelib.relay.destinations.storefronts import delete
from chalicelib.relay.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call, Nothing


@admin.route("/admin/v1/storefronts/{id}", methods=["DELETE"])
@endpoint(
    Nothing,
    access=Access.ADMIN,
    path=ItemPath,
    looks_up=True,
    transaction=True,
    conflict="It has a destination, or a delivery that is not done",
)
def delete_storefront(call: Call[Nothing]) -> Answer:
    """Delete a storefront."""
    delete(call.db, call.path.id)
    return Answer()
