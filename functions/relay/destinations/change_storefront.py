"""PATCH /admin/v1/storefronts/{id}: changes a shop; its code stays."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.models import ItemPath, Storefront, StorefrontChange
from chalicelib.relay.destinations.storefronts import SQL, found
from chalicelib.relay.wiring import endpoint
from fintegrate.http.endpoint import Access, Answer, Call


@admin.route("/admin/v1/storefronts/{id}", methods=["PATCH"])
@endpoint(StorefrontChange, gives=Storefront, access=Access.ADMIN, path=ItemPath, looks_up=True)
def change_storefront(call: Call[StorefrontChange]) -> Answer:
    """Change a storefront."""
    change = {"id": call.path.id, **call.body.model_dump()}
    return Answer(found(call.db.fetch_one(SQL["change"], change)))
