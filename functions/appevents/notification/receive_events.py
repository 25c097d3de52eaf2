"""POST /api/v1/notify/events/batch: accepts many events of one user."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from chalicelib.appevents.counters import ACCEPTED
from chalicelib.appevents.notification.accept import accept, checked, content
from chalicelib.appevents.notification.blueprint import notification
from chalicelib.appevents.notification.models import Batch, BatchReceived, ClientEvent
from chalicelib.appevents.notification.receive_event import facts_of
from chalicelib.appevents.wiring import endpoint_of, parts, request_parts
from fintegrate.errors import ApiError
from fintegrate.http.endpoint import Answer, Call
from fintegrate.http.envelope import dumps
from fintegrate.http.validation import validate_json

endpoint = endpoint_of("notification")
EVENTS_PER_TOKEN = 10
"""So many events of a batch cost as much of the rate limit as one request."""
Result = dict[str, Any]


@notification.route("/api/v1/notify/events/batch", methods=["POST"])
@endpoint(Batch, gives=BatchReceived)
def receive_events(call: Call[Batch]) -> Answer:
    """Accept a batch of events.

    Each event has its own result. Accepted events are stored and published together, in their order.
    """
    began, user_id, told = time.monotonic(), call.caller.owner_id, call.body.events
    if further := (len(told) - 1) // EVENTS_PER_TOKEN:
        request_parts().rate_limiter.take(call.caller.key_id, cost=further)
    judged = _judge(told, user_id)
    results = {
        **judged.invalid,
        **_accepted(call, user_id, list(judged.good.values()), began),
        **dict(_repeated(judged.good, judged.again)),
    }
    return Answer({"results": [results[index] for index in range(len(told))]})


class _Judged(NamedTuple):
    """The events of a batch with their index."""

    good: dict[str, tuple[int, ClientEvent]]
    """The first of each id."""
    again: list[tuple[int, ClientEvent]]
    invalid: dict[int, Result]


def _judge(told: Sequence[object], user_id: str) -> _Judged:
    judged = _Judged({}, [], {})
    for index, item in enumerate(told):
        try:
            event = validate_json(ClientEvent, dumps(item))
            checked(event, user_id)
        except ApiError as error:
            judged.invalid[index] = _result(_id_of(item), "invalid", error.description)
            continue
        key = str(event.client_generated_id)
        if key in judged.good:
            judged.again.append((index, event))
        else:
            judged.good[key] = (index, event)
    return judged


def _accepted(
    call: Call[Batch], user_id: str, good: Sequence[tuple[int, ClientEvent]], began: float
) -> dict[int, Result]:
    """Store and publish what is new; the results by their index."""
    if not good:
        return {}
    events = [event for _, event in good]
    stored = accept(call.db, user_id, events, datetime.now(UTC), facts_of(call), parts().sealed)
    new = [each.row for each in stored if each.is_new]
    for row in new:
        parts().metrics.count(ACCEPTED, row["event_type"])
    if new:
        outbox, _ = parts().events()
        outbox.publish_together(new, began)
    results = {}
    for (index, event), each in zip(good, stored, strict=True):
        status = "accepted" if each.is_new else "duplicate" if each.is_same else "conflict"
        results[index] = _result(str(event.client_generated_id), status)
    return results


def _repeated(
    good: Mapping[str, tuple[int, ClientEvent]], again: Sequence[tuple[int, ClientEvent]]
) -> list[tuple[int, Result]]:
    """The second of two with one id in a batch is compared with the first."""
    found = []
    for index, event in again:
        key = str(event.client_generated_id)
        is_same = content(good[key][1]) == content(event)
        found.append((index, _result(key, "duplicate" if is_same else "conflict")))
    return found


def _result(key: str | None, status: str, error: str | None = None) -> Result:
    return {
        "client_generated_id": key,
        "status": status,
        **({"error": error} if error is not None else {}),
    }


def _id_of(item: object) -> str | None:
    """What an invalid event calls itself, as far as it is an id at all."""
    key = item.get("client_generated_id") if isinstance(item, dict) else None
    return key if isinstance(key, str) and len(key) <= 36 else None
