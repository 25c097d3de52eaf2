"""DELETE /admin/v1/platforms/{id}: deletes a platform that no storefront uses."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.models import ItemPath
from chalicelib.relay.destinations.platforms import delete
from chalicelib.relay.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call, Nothing


@admin.route("/admin/v1/platforms/{id}", methods=["DELETE"])
@endpoint(
    Nothing,
    access=Access.ADMIN,
    path=ItemPath,
    looks_up=True,
    transaction=True,
    conflict="A storefront has a credential of it",
)
def delete_platform(call: Call[Nothing]) -> Answer:
    """Delete a platform."""
    delete(call.db, call.path.id)
    return Answer()
