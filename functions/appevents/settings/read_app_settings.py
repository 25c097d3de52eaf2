"""GET /api/v1/settings/app: how the app behaves for the caller."""

from chalicelib.appevents.settings.app_settings import read_app_settings as read
from chalicelib.appevents.settings.blueprint import settings
from chalicelib.appevents.settings.models import AppSettingsNow
from chalicelib.appevents.wiring import endpoint_of
from fintegrate.http.endpoint import Answer, Call, Nothing

endpoint = endpoint_of("settings")


@settings.route("/api/v1/settings/app", methods=["GET"])
@endpoint(Nothing, gives=AppSettingsNow)
def read_app_settings(call: Call[Nothing]) -> Answer:
    """The caller's settings of the app; null where nothing was said."""
    return Answer(read(call.db, call.caller.owner_id))
