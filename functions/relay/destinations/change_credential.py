"""PATCH /admin/v1/credentials/{id}: changes a destination; its next request has what is new."""

from datetime import UTC, datetime

from chalicelib.relay.destinations.addresses import check_addresses
from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.credential_models import CredentialChange, CredentialWritten
from chalicelib.relay.destinations.credentials import change
from chalicelib.relay.destinations.models import ItemPath
from chalicelib.relay.wiring import endpoint, parts
from fintegrate.http.endpoint import Access, Answer, Call


@admin.route("/admin/v1/credentials/{id}", methods=["PATCH"])
@endpoint(
    CredentialChange,
    gives=CredentialWritten,
    access=Access.ADMIN,
    path=ItemPath,
    transaction=True,
    looks_up=True,
    conflict="What is sealed cannot be opened, and the change needs it",
)
def change_credential(call: Call[CredentialChange]) -> Answer:
    """Change a credential, its settings, or whether it gets events.

    A lane that is blocked or fails is tried at once. A webhook signs with its former secret, too, for 24
    hours.
    """
    own, wanted = parts(), call.body.model_dump()
    unresolved = check_addresses(wanted["settings"] or {}, "settings.", own.settings)
    made = change(call.db, own.sealing(), call.path.id, wanted, datetime.now(UTC))
    data = {**made, "warnings": made["warnings"] + unresolved}
    return Answer(data, after_commit=own.nudge)
