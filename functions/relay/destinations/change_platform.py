"""PATCH /admin/v1/platforms/{id}: changes what people read of a platform; code and adapter stay."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.models import ItemPath
from chalicelib.relay.destinations.platform_models import Platform, PlatformChange
from chalicelib.relay.destinations.platforms import SQL
from chalicelib.relay.destinations.storefronts import found
from chalicelib.relay.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call


@admin.route("/admin/v1/platforms/{id}", methods=["PATCH"])
@endpoint(PlatformChange, gives=Platform, access=Access.ADMIN, path=ItemPath, looks_up=True)
def change_platform(call: Call[PlatformChange]) -> Answer:
    """Change a platform."""
    change = {"id": call.path.id, **call.body.model_dump()}
    return Answer(found(call.db.fetch_one(SQL["change"], change), "platform"))
