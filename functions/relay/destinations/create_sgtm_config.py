"""POST /admin/v1/sgtm-configs: makes a tag manager a destination of a storefront."""

from chalicelib.relay.destinations.addresses import check_addresses
from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.sgtm_configs import ONE_ACTIVE, create
from chalicelib.relay.destinations.sgtm_models import NewSgtmConfig, SgtmConfigWritten
from chalicelib.relay.wiring import endpoint, parts
from fintegrate.http.endpoint import Access, Answer, Call


@admin.route("/admin/v1/sgtm-configs", methods=["POST"])
@endpoint(
    NewSgtmConfig,
    gives=SgtmConfigWritten,
    status=201,
    access=Access.ADMIN,
    transaction=True,
    looks_up=True,
    conflict=ONE_ACTIVE,
)
def create_sgtm_config(call: Call[NewSgtmConfig]) -> Answer:
    """Add a storefront's tag manager."""
    wanted = call.body.model_dump()
    unresolved = check_addresses(wanted, "", parts().settings)
    made = create(call.db, wanted)
    return Answer({**made, "warnings": made["warnings"] + unresolved})
