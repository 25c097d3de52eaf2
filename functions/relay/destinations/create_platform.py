"""POST /admin/v1/platforms: adds a kind of receiver, such as a second webhook."""

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.destinations.platform_models import NewPlatform, Platform
from chalicelib.relay.destinations.platforms import SQL
from chalicelib.relay.destinations.storefronts import found
from chalicelib.relay.wiring import endpoint
from fintegrate.database import UniqueViolation
from fintegrate.errors import Conflict
from fintegrate.http.endpoint import Access, Answer, Call


@admin.route("/admin/v1/platforms", methods=["POST"])
@endpoint(
    NewPlatform,
    gives=Platform,
    status=201,
    access=Access.ADMIN,
    conflict="A platform with this code exists",
)
def create_platform(call: Call[NewPlatform]) -> Answer:
    """Add a platform. Its adapter is one that is there."""
    try:
        return Answer(found(call.db.fetch_one(SQL["create"], call.body.model_dump())))
    except UniqueViolation as error:
        code = call.body.platform_code
        raise Conflict(f"A platform {code} exists; choose another code") from error
