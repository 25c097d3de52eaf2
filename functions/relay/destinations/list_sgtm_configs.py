"""GET /admin/v1/sgtm-configs: every storefront's tag managers."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.sgtm_configs import SQL
from chalicelib.relay.destinations.sgtm_models import SgtmConfigList
from chalicelib.relay.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call, Nothing


@admin.route("/admin/v1/sgtm-configs", methods=["GET"])
@endpoint(Nothing, gives=SgtmConfigList, access=Access.ADMIN)
def list_sgtm_configs(call: Call[Nothing]) -> Answer:
    """List the tag managers."""
    return Answer({"sgtm_configs": call.db.fetch_all(SQL["list"], {})})
