"""DELETE /admin/v1/credentials/{id}: erases the secret and ends the destination."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.credentials import delete
from chalicelib.relay.destinations.models import ItemPath
from chalicelib.relay.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call, Nothing


@admin.route("/admin/v1/credentials/{id}", methods=["DELETE"])
@endpoint(Nothing, access=Access.ADMIN, path=ItemPath, looks_up=True, transaction=True)
def delete_credential(call: Call[Nothing]) -> Answer:
    """Delete a credential: its secret is erased, and what is pending there is skipped."""
    delete(call.db, call.path.id)
    return Answer()
