"""DELETE /admin/v1/sgtm-configs/{id}: ends a tag manager as a destination."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.models import ItemPath
from chalicelib.relay.destinations.sgtm_configs import delete
from chalicelib.relay.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call, Nothing


@admin.route("/admin/v1/sgtm-configs/{id}", methods=["DELETE"])
@endpoint(Nothing, access=Access.ADMIN, path=ItemPath, looks_up=True, transaction=True)
def delete_sgtm_config(call: Call[Nothing]) -> Answer:
    """Delete a tag manager; what is pending there is skipped."""
    delete(call.db, call.path.id)
    return Answer()
