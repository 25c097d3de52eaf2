"""GET /admin/v1/sgtm-configs/{id}: a storefront's tag manager."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.models import ItemPath
from chalicelib.relay.destinations.sgtm_configs import SQL, WHAT
from chalicelib.relay.destinations.sgtm_models import SgtmConfig
from chalicelib.relay.destinations.storefronts import found
from chalicelib.relay.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call, Nothing


@admin.route("/admin/v1/sgtm-configs/{id}", methods=["GET"])
@endpoint(Nothing, gives=SgtmConfig, access=Access.ADMIN, path=ItemPath, looks_up=True)
def read_sgtm_config(call: Call[Nothing]) -> Answer:
    """Read a tag manager."""
    return Answer(found(call.db.fetch_one(SQL["read"], {"id": call.path.id}), WHAT))
