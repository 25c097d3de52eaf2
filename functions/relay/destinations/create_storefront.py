"""POST /admin/v1/storefronts: adds a shop."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.models import NewStorefront, Storefront
from chalicelib.relay.destinations.storefronts import SQL, found
from chalicelib.relay.wiring import endpoint
from fintegrate.database import UniqueViolation
from fintegrate.errors import Conflict
from fintegrate.http.endpoint import Access, Answer, Call


@admin.route("/admin/v1/storefronts", methods=["POST"])
@endpoint(
    NewStorefront,
    gives=Storefront,
    status=201,
    access=Access.ADMIN,
    conflict="A storefront with this code exists",
)
def create_storefront(call: Call[NewStorefront]) -> Answer:
    """Add a storefront."""
    try:
        return Answer(found(call.db.fetch_one(SQL["create"], call.body.model_dump())))
    except UniqueViolation as error:
        code = call.body.storefront_id
        raise Conflict(f"A storefront {code} exists; choose another code") from error
