"""GET /api/v1/settings/user: what the caller said of themselves."""

from chalicelib.appevents.settings.blueprint import settings
from chalicelib.appevents.settings.models import UserSettingsNow
from chalicelib.appevents.settings.user_settings import read_user_settings as read
from chalicelib.appevents.wiring import endpoint_of
from fintegrate.http.endpoint import Answer, Call, Nothing

endpoint = endpoint_of("settings")


@settings.route("/api/v1/settings/user", methods=["GET"])
@endpoint(Nothing, gives=UserSettingsNow)
def read_user_settings(call: Call[Nothing]) -> Answer:
    """The caller's settings; null where nothing was said."""
    return Answer(read(call.db, call.caller.owner_id))
