"""PATCH /admin/v1/sgtm-configs/{id}: changes a tag manager; its next request has what is new."""

from chalicelib.relay.destinations.addresses import check_addresses
from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.models import ItemPath
from chalicelib.relay.destinations.sgtm_configs import ONE_ACTIVE, change
from chalicelib.relay.destinations.sgtm_models import SgtmConfigChange, SgtmConfigWritten
from chalicelib.relay.wiring import endpoint, parts
from fintegrate.http.endpoint import Access, Answer, Call


@admin.route("/admin/v1/sgtm-configs/{id}", methods=["PATCH"])
@endpoint(
    SgtmConfigChange,
    gives=SgtmConfigWritten,
    access=Access.ADMIN,
    path=ItemPath,
    transaction=True,
    looks_up=True,
    conflict=ONE_ACTIVE,
)
def change_sgtm_config(call: Call[SgtmConfigChange]) -> Answer:
    """Change a tag manager. Its lane, if it is blocked or fails, is tried at once."""
    own, wanted = parts(), call.body.model_dump()
    unresolved = check_addresses(wanted, "", own.settings)
    made = change(call.db, call.path.id, wanted)
    data = {**made, "warnings": made["warnings"] + unresolved}
    return Answer(data, after_commit=own.nudge)
