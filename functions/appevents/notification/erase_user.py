"""POST /api/v1/users/erase: every service deletes what is a user's."""

import time

from chalicelib.appevents.counters import ACCEPTED
from chalicelib.appevents.notification import erasing
from chalicelib.appevents.notification.blueprint import users
from chalicelib.appevents.notification.erasure_models import UserErasure, UserToErase
from chalicelib.appevents.wiring import admin_endpoint, parts
from fintegrate.console.acts import audited
from fintegrate.http.endpoint import Answer, Call


@users.route("/api/v1/users/erase", methods=["POST"])
@admin_endpoint(UserToErase, gives=UserErasure, status=202, transaction=True)
def erase_user(call: Call[UserToErase]) -> Answer:
    """Ask every service to erase a user, each by an event of its own; the answer has their ids.

    Safe to repeat: while requests are without an outcome, it only tells of them. It closes what the user
    told before. Files of uploads go within the hour after the service for videos has answered.
    """
    began, user_id = time.monotonic(), str(call.body.user_id)
    facts = {
        "reason": call.body.reason,
        "key_id": call.caller.key_id,
        "actor": call.caller.actor or None,
        "request_id": call.request.id,
        "traceparent": call.request.traceparent,
    }
    rows = erasing.begin(call.db, user_id, facts, parts().sealed)
    for row in rows:
        parts().metrics.count(ACCEPTED, row["event_type"])
    outbox, _ = parts().events()
    return Answer(
        erasing.told(call.db, user_id),
        audited=audited(call, user_id, {"requests": len(rows)}),
        after_commit=lambda: outbox.publish_together(rows, began) if rows else None,
    )
