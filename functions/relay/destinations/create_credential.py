"""POST /admin/v1/credentials: makes a platform a destination of a storefront."""

from datetime import UTC, datetime

from chalicelib.relay.destinations.addresses import check_addresses
from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.credential_models import CredentialWritten, NewCredential
from chalicelib.relay.destinations.credentials import create
from chalicelib.relay.wiring import endpoint, parts
from fintegrate.http.endpoint import Access, Answer, Call


@admin.route("/admin/v1/credentials", methods=["POST"])
@endpoint(
    NewCredential,
    gives=CredentialWritten,
    status=201,
    access=Access.ADMIN,
    transaction=True,
    looks_up=True,
    conflict="The storefront has a credential of this platform",
)
def create_credential(call: Call[NewCredential]) -> Answer:
    """Add a credential; no answer ever shows it again."""
    own, wanted = parts(), call.body.model_dump()
    unresolved = check_addresses(wanted["settings"], "settings.", own.settings)
    made = create(call.db, own.sealing(), wanted, datetime.now(UTC))
    return Answer({**made, "warnings": made["warnings"] + unresolved})
