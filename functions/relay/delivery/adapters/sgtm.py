"""A shop's own server-side tag manager, by the Measurement Protocol client of its container.

The event is GA4's and has more: what the container's tags need to build theirs and to deduplicate.
Client ids of other platforms stay out; address, agent and page are the container's to use.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.relay.delivery.adapters import ga4
from chalicelib.relay.delivery.answers import REASONS, blocked, by_class, plain_words
from chalicelib.relay.delivery.composing import name_of, post, present, renamed, skipped
from chalicelib.relay.delivery.fields import Field, base_address, common_settings, matching
from chalicelib.relay.delivery.names import ga4_name
from chalicelib.relay.delivery.samples import sample_event
from chalicelib.relay.delivery.shapes import Answer, Destination, Event, Request, Verdict
from chalicelib.relay.values.json_text import dumps
from chalicelib.relay.values.times import microseconds
from chalicelib.relay.values.wrong import WrongValue

PATH = "/mp/collect"
PREVIEW = "X-Gtm-Server-Preview"

CREDENTIALS: Mapping[str, Field] = {}
SETTINGS: Mapping[str, Field] = {
    **common_settings(ga4.wrong_name),
    "sgtm_url": base_address(required=True),
    "path": matching(r"/[A-Za-z0-9._~/-]{0,200}", "a path such as /mp/collect", required=False),
    "measurement_id": ga4.MEASUREMENT_ID,
}
AGE_LIMIT = timedelta(days=7)
DEDUP_WINDOW = None
BATCH = 25
CONCURRENCY = 16
REQUESTS_PER_MINUTE = 6000
TIMEOUT = 10

_CLIENT = {"ip_address": "ip_override", "user_agent": "user_agent", "url": "page_location"}


def account(destination: Destination) -> str:
    return f"sgtm:{destination.settings['sgtm_url']}"


def skip_reason(event: Event, destination: Destination) -> str | None:
    """The container decides by the flags, which travel with the event; it needs none itself."""
    return skipped(event, destination, frozenset())


def group(events: Sequence[Event], destination: Destination) -> list[list[Event]]:
    measurement_id = destination.settings["measurement_id"]
    return ga4.grouped(
        events, measurement_id, lambda event: dumps(_event(event, destination, event.event_time))
    )


def compose(events: Sequence[Event], destination: Destination, now: datetime) -> Request:
    return _post(events, destination, now, {})


def test_request(destination: Destination, now: datetime) -> Request:
    code = destination.settings.get("test_event_code")
    if not code:
        raise WrongValue(
            f"settings.test_event_code: is needed for a test; take the value of {PREVIEW} from "
            "the container's preview, Send requests manually"
        )
    return _post([sample_event(now)], destination, now, {PREVIEW: str(code)})


def _post(
    events: Sequence[Event], destination: Destination, now: datetime, headers: Mapping[str, str]
) -> Request:
    settings = destination.settings
    return post(
        str(settings["sgtm_url"]).rstrip("/") + str(settings.get("path") or PATH),
        {
            **ga4.envelope(events[0], settings["measurement_id"]),
            "events": [_event(event, destination, now) for event in events],
        },
        query={"measurement_id": settings["measurement_id"]},
        headers=headers,
        secrets=headers.values(),
    )


def _event(event: Event, destination: Destination, now: datetime) -> dict[str, Any]:
    listed = ga4.items(event, ga4.MOST_BYTES // 2)
    return {
        "name": ga4_name(name_of(event, destination) or event.event_type),
        "timestamp_micros": microseconds(min(event.event_time, now)),
        "params": {
            **event.extra,
            **renamed(event.private, _CLIENT),
            **ga4.params(event, destination.settings["measurement_id"]),
            "event_id": event.dedup_id,
            **present(
                {
                    "order_id": event.order_id,
                    "items": listed,
                    "consent": dict(event.consent),
                }
            ),
        },
    }


def judge(answer: Answer, count: int, now: datetime) -> Verdict:
    """A 400 comes where no client of the container claims the path; it is no word about an event."""
    if answer.status in {400, 422}:
        return blocked(REASONS[404], str(answer.status), plain_words(answer))
    return by_class(answer, count, now)
