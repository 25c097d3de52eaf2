"""POST /api/v1/feed/{owner_id}/access: a viewer gives a feed's passcode and gets a feed access token."""

from __future__ import annotations

import time
import uuid

from chalicelib.appevents.feed_grants import write_grant
from chalicelib.appevents.outbox import write_event
from chalicelib.appevents.settings.at_video import is_applied
from chalicelib.appevents.settings.attempts import GRANTED
from chalicelib.appevents.settings.blueprint import feed_access
from chalicelib.appevents.settings.granting import Asked, Denied, Granted, Granting
from chalicelib.appevents.settings.models import Access, FeedPath, PasscodeGiven
from chalicelib.appevents.wiring import endpoint_of, parts
from fintegrate.database import Database
from fintegrate.errors import Forbidden, TooManyRequests
from fintegrate.http.endpoint import Answer, Call

endpoint = endpoint_of("settings")


@feed_access.route("/api/v1/feed/{owner_id}/access", methods=["POST"])
@endpoint(PasscodeGiven, gives=Access, path=FeedPath)
def ask_feed_access(call: Call[PasscodeGiven]) -> Answer:
    """Check a feed's passcode, at most five times in 15 minutes.

    The event `feed.access.attempt` does the same. Here the answer comes at once, and the passcode is not
    stored.
    """
    owner_id, user_id = str(call.path.owner_id), call.caller.owner_id
    own, asked = parts(), Asked(owner_id, user_id, call.body.passcode, str(uuid.uuid4()))
    decided = Granting.of(own.settings, own.beside("settings"), own.sealing).decide(asked)
    if isinstance(decided, Denied):
        raise _refusal(decided)
    if not decided.is_public:
        _spread(call.db, owner_id, user_id, decided)
    return Answer({"access_token": decided.token, "expires_at": decided.expires_at})


def _refusal(denied: Denied) -> Forbidden | TooManyRequests:
    if denied.retry_after:
        said = f"Too many passcodes were tried here; try again in {denied.retry_after} s"
        return TooManyRequests(said, denied.retry_after, reason=denied.reason)
    return Forbidden("denied: the passcode is wrong", reason="denied")


def _spread(db: Database, owner_id: str, user_id: str, granted: Granted) -> None:
    """Give the video service the grant, without the token: the viewer's next events need it."""
    began, video = time.monotonic(), parts().beside("video")
    version, ends = granted.access_version, granted.expires_at
    said = {"feed_owner_id": owner_id, "expires_at": ends, "access_version": version}
    row = write_event(db, GRANTED, str(uuid.uuid4()), user_id, said)
    is_applied(lambda: write_grant(video, owner_id, user_id, version, ends))
    parts().service("settings").outbox.publish_together([row], began)
