"""POST /api/v1/notify/events: accepts an event."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from chalicelib.appevents.counters import ACCEPTED
from chalicelib.appevents.notification.accept import accept, checked
from chalicelib.appevents.notification.blueprint import notification
from chalicelib.appevents.notification.models import ClientEvent, Received
from chalicelib.appevents.notification.states import status_of
from chalicelib.appevents.wiring import endpoint_of, parts
from fintegrate.errors import Conflict, Invalid
from fintegrate.http.endpoint import Answer, Call

endpoint = endpoint_of("notification")
CLIENT_TIME = "x-client-time"


@notification.route("/api/v1/notify/events", methods=["POST"])
@endpoint(ClientEvent, gives=Received, status=202, conflict="Another event has this id")
def receive_event(call: Call[ClientEvent]) -> Answer:
    """Accept an event.

    Answers once the event is stored, even if the broker is away. The same event sent again gets
    `duplicate` and its present status.
    """
    began, user_id = time.monotonic(), call.caller.owner_id
    checked(call.body, user_id)
    (accepted,) = accept(
        call.db, user_id, [call.body], datetime.now(UTC), facts_of(call), parts().sealed
    )
    if not accepted.is_same:
        raise Conflict("Another event has this client_generated_id; make a new one for new content")
    if accepted.is_new:
        parts().metrics.count(ACCEPTED, call.body.event_type)
        outbox, _ = parts().events()
        outbox.publish_together([accepted.row], began)
    status = "accepted" if accepted.is_new else status_of(accepted.row)
    return Answer(
        {
            "client_generated_id": str(call.body.client_generated_id),
            "status": status,
            "duplicate": not accepted.is_new,
        }
    )


def facts_of(call: Call[Any]) -> dict[str, Any]:
    """What the request says beside the events.

    Raises:
        Invalid: X-Client-Time is no time.
    """
    text = call.request.header(CLIENT_TIME)
    return {
        "sent_at": _moment(text) if text else None,
        "request_id": call.request.id,
        "traceparent": call.request.traceparent,
    }


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Invalid("X-Client-Time: must be an ISO 8601 time with offset")
