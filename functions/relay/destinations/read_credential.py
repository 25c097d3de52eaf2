"""GET /admin/v1/credentials/{id}: a credential without its values."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.credential_models import Credential
from chalicelib.relay.destinations.credentials import SQL
from chalicelib.relay.destinations.models import ItemPath
from chalicelib.relay.destinations.storefronts import found
from chalicelib.relay.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call, Nothing


@admin.route("/admin/v1/credentials/{id}", methods=["GET"])
@endpoint(Nothing, gives=Credential, access=Access.ADMIN, path=ItemPath, looks_up=True)
def read_credential(call: Call[Nothing]) -> Answer:
    """Read a credential, without its values."""
    return Answer(found(call.db.fetch_one(SQL["read"], {"id": call.path.id}), "credential"))
