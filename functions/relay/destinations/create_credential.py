"""POST /admin/v1/credentials: makes a platform a destination of a storefront."""

from datetime import UTC, datetime

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.credential_models import CredentialCreated, NewCredential
from chalicelib.relay.destinations.credentials import create
from chalicelib.relay.wiring import endpoint, parts
from fintegrate.http.endpoint import Access, Answer, Call


@admin.route("/admin/v1/credentials", methods=["POST"])
@endpoint(
    NewCredential,
    gives=CredentialCreated,
    status=201,
    access=Access.ADMIN,
    transaction=True,
    looks_up=True,
    idempotency=False,
    conflict="The storefront has a credential of this platform",
)
def create_credential(call: Call[NewCredential]) -> Answer:
    """Add a credential; no answer ever shows it again."""
    wanted = call.body.model_dump()
    return Answer(create(call.db, parts().sealing(), wanted, datetime.now(UTC)))
