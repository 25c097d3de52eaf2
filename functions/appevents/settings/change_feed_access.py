"""PUT /api/v1/settings/feed-access: who may see the caller's feed from now on."""

from __future__ import annotations

import time
from typing import Any

from chalicelib.appevents.feed_owners import change_visibility
from chalicelib.appevents.settings.at_video import is_applied
from chalicelib.appevents.settings.blueprint import settings
from chalicelib.appevents.settings.feed_access import Change, change
from chalicelib.appevents.settings.models import FeedAccessChange, FeedAccessChanged
from chalicelib.appevents.wiring import endpoint_of, parts, request_parts
from fintegrate.database import Database
from fintegrate.http.endpoint import Answer, Call

endpoint = endpoint_of("settings")
REQUESTS = 10
"""So many requests a new passcode costs of the rate limit: its hash takes a quarter of a second."""


@settings.route("/api/v1/settings/feed-access", methods=["PUT"])
@endpoint(FeedAccessChange, gives=FeedAccessChanged)
def change_feed_access(call: Call[FeedAccessChange]) -> Answer:
    """Change who may see the caller's feed.

    Feed access tokens of before are refused from the next request on. If `applied` is false, they are
    refused once the video database is back.
    """
    if call.body.passcode is not None:
        request_parts("settings").rate_limiter.take(call.caller.key_id, cost=REQUESTS - 1)
    began, video = time.monotonic(), parts().beside("video")
    changed = change(call.db, call.caller.owner_id, call.body.visibility, call.body.passcode)
    return Answer(_spread(changed, call.caller.owner_id, video, began))


def _spread(changed: Change, owner_id: str, video: Database, began: float) -> dict[str, Any]:
    """Give the video service the change: by a write at once, and by the event."""
    visibility, version = changed.now["visibility"], changed.now["access_version"]
    applied = is_applied(lambda: change_visibility(video, owner_id, visibility, version))
    if changed.event is not None:
        parts().service("settings").outbox.publish_together([changed.event], began)
    return {**changed.now, "applied": applied}
