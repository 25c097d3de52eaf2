"""GET /admin/v1/credentials: every credential without its values. There are hundreds of them at most."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.credential_models import CredentialList
from chalicelib.relay.destinations.credentials import SQL
from chalicelib.relay.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call, Nothing


@admin.route("/admin/v1/credentials", methods=["GET"])
@endpoint(Nothing, gives=CredentialList, access=Access.ADMIN)
def list_credentials(call: Call[Nothing]) -> Answer:
    """List the credentials, without their values."""
    return Answer({"credentials": call.db.fetch_all(SQL["list"], {})})
