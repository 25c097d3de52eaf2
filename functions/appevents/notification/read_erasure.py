"""GET /api/v1/users/erase: what became of the erasure of a user."""

from chalicelib.appevents.notification import erasing
from chalicelib.appevents.notification.blueprint import users
from chalicelib.appevents.notification.erasure_models import ErasedUser, UserErasure
from chalicelib.appevents.wiring import admin_endpoint
from fintegrate.errors import NotFound
from fintegrate.http.endpoint import Answer, Call


@users.route("/api/v1/users/erase", methods=["GET"])
@admin_endpoint(ErasedUser, gives=UserErasure, looks_up=True)
def read_erasure(call: Call[ErasedUser]) -> Answer:
    """The last erasure of a user, service by service."""
    found = erasing.told(call.db, str(call.body.user_id))
    if found["begun_at"] is None:
        raise NotFound("This user was never erased; check user_id")
    return Answer(found)
