"""GET /api/v1/settings/feed-access: who may see the caller's feed."""

from chalicelib.appevents.settings.blueprint import settings
from chalicelib.appevents.settings.feed_access import read
from chalicelib.appevents.settings.models import FeedAccess
from chalicelib.appevents.wiring import endpoint_of
from fintegrate.http.endpoint import Answer, Call, Nothing

endpoint = endpoint_of("settings")


@settings.route("/api/v1/settings/feed-access", methods=["GET"])
@endpoint(Nothing, gives=FeedAccess)
def read_feed_access(call: Call[Nothing]) -> Answer:
    """Who may see the caller's feed; never the passcode."""
    return Answer(read(call.db, call.caller.owner_id))
