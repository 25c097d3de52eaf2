"""GA4's Measurement Protocol (https://developers.google.com/analytics/devguides/collection/protocol/ga4).

Any 2xx means taken, and says nothing of validity, so all of its rules are kept here. A request is of one
client: events of one person with the same user data and consent share it.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.relay.delivery.answers import by_class, field_of, json_of, refused
from chalicelib.relay.delivery.composing import base_url, name_of, post, present, skipped
from chalicelib.relay.delivery.fields import (
    Field,
    base_address,
    common_settings,
    matching,
    token,
)
from chalicelib.relay.delivery.names import ga4_name, is_ga4_name
from chalicelib.relay.delivery.samples import sample_event
from chalicelib.relay.delivery.shapes import Answer, Destination, Event, Request, Verdict
from chalicelib.relay.values.consent import ANALYTICS_PURPOSES
from chalicelib.relay.values.json_text import dumps
from chalicelib.relay.values.times import microseconds
from fintegrate.text import cut

HOST = "https://www.google-analytics.com"
MEASUREMENT_ID = matching(r"G-[A-Z0-9]{1,20}", "a measurement id such as G-ABC123DEF4")


def wrong_name(value: Any) -> str | None:
    """Say what a name of GA4 must be, if this is none."""
    sound = isinstance(value, str) and is_ga4_name(value)
    return None if sound else "must be 40 letters, digits and _ at most, and not reserved by GA4"


CREDENTIALS: Mapping[str, Field] = {"measurement_id": MEASUREMENT_ID, "api_secret": token()}
SETTINGS: Mapping[str, Field] = {
    **common_settings(wrong_name),
    "base_url": base_address(required=False),
}
AGE_LIMIT = timedelta(hours=72)
DEDUP_WINDOW = None
BATCH = 25
CONCURRENCY = 4
REQUESTS_PER_MINUTE = 6000
TIMEOUT = 10

MOST_BYTES = 130_000
"""Google says 130 kB; so it holds whichever thousand is meant."""
MOST_PARAMS = 25
MOST_CHARACTERS = 100
MOST_ITEMS = 200
_PERSON = ("external_id", "em", "ph")
_CAMPAIGN = {"utm_campaign": "campaign", "utm_source": "source", "utm_medium": "medium"}
_DIGITS_OF_SESSION = 20


def account(destination: Destination) -> str:
    return f"ga4:{destination.credentials['measurement_id']}"


def skip_reason(event: Event, destination: Destination) -> str | None:
    return skipped(event, destination, ANALYTICS_PURPOSES)


def group(events: Sequence[Event], destination: Destination) -> list[list[Event]]:
    measurement_id = destination.credentials["measurement_id"]
    return grouped(
        events, measurement_id, lambda event: dumps(_event(event, destination, event.event_time))
    )


def compose(events: Sequence[Event], destination: Destination, now: datetime) -> Request:
    return _post("/mp/collect", events, destination, now)


def test_request(destination: Destination, now: datetime) -> Request:
    """The debug address takes the same request, stores nothing and says what is wrong with it."""
    return _post("/debug/mp/collect", [sample_event(now)], destination, now)


def _post(path: str, events: Sequence[Event], destination: Destination, now: datetime) -> Request:
    credentials = destination.credentials
    return post(
        base_url(destination, HOST) + path,
        {
            **envelope(events[0], credentials["measurement_id"]),
            "events": [_event(event, destination, now) for event in events],
        },
        query={
            "measurement_id": credentials["measurement_id"],
            "api_secret": credentials["api_secret"],
        },
        secrets=[credentials["api_secret"]],
    )


def judge(answer: Answer, count: int, now: datetime) -> Verdict:
    """Only the debug address answers with messages; without one they are about nothing."""
    messages = field_of(json_of(answer), "validationMessages")
    if answer.status < 300 and isinstance(messages, list) and messages:
        first = messages[0]
        return refused(
            count, str(field_of(first, "validationCode")), str(field_of(first, "description"))
        )
    return by_class(answer, count, now)


def grouped(events: Sequence[Event], measurement_id: str, written: Any) -> list[list[Event]]:
    """Events of one client together: 25 at most, and no more bytes than Google takes.

    Args:
        written: writes one event as it will be sent
    """
    open_groups: dict[bytes, list[Event]] = {}
    sizes: dict[bytes, int] = {}
    groups: list[list[Event]] = []
    for event in events:
        key = dumps(envelope(event, measurement_id))
        size = len(written(event)) + 1
        room = MOST_BYTES - len(key) - len(b'"events":[],')
        members = open_groups.get(key)
        if members is None or len(members) == BATCH or sizes[key] + size > room:
            members = open_groups[key] = []
            sizes[key] = 0
            groups.append(members)
        members.append(event)
        sizes[key] += size
    return groups


def envelope(event: Event, measurement_id: str) -> dict[str, Any]:
    """What a request says once for all its events: who the client is, and what they agreed to."""
    may_be_known = event.consent.get("ad_user_data") != "denied"
    return {
        "client_id": client_id(event, measurement_id),
        **present(
            {
                "user_id": event.match_keys.get("external_id"),
                "consent": _consent(event),
                "user_data": _user_data(event) if may_be_known else None,
            }
        ),
    }


def client_id(event: Event, measurement_id: str) -> str:
    """The browser's id, else two numbers from the best match key, else from the order's id."""
    known = event.private.get("ga_client_id")
    if known:
        return known
    person = next((event.match_keys[key] for key in _PERSON if event.match_keys.get(key)), None)
    made = _number(measurement_id, "client", person or event.order_id or event.event_id)
    return f"{made >> 32}.{made & 0xFFFFFFFF}"


def session_id(event: Event, measurement_id: str) -> str:
    """The order system's session as digits; without one, the order is the session."""
    session = str(event.extra.get("session_id") or event.order_id or event.event_id)
    if session.isascii() and session.isdigit() and len(session) <= _DIGITS_OF_SESSION:
        return session
    return str(_number(measurement_id, "session", session) >> 32)


def _number(measurement_id: str, what: str, text: str) -> int:
    """64 bits that are always the same for this text at this property, and tell nothing of the text."""
    message = f"{what}:{text}".encode("utf-8", "replace")
    made = hmac.new(measurement_id.encode(), message, hashlib.sha256).digest()
    return int.from_bytes(made[:8], "big")


def _consent(event: Event) -> dict[str, str]:
    names = ("ad_user_data", "ad_personalization")
    return {name: event.consent[name].upper() for name in names if name in event.consent}


def _user_data(event: Event) -> dict[str, Any]:
    keys = event.match_keys
    name = present(
        {"sha256_first_name": keys.get("fn_google"), "sha256_last_name": keys.get("ln_google")}
    )
    return present(
        {
            "sha256_email_address": [keys["em_google"]] if keys.get("em_google") else None,
            "sha256_phone_number": [keys["ph_plus"]] if keys.get("ph_plus") else None,
            "address": [name] if name else None,
        }
    )


def params(event: Event, measurement_id: str) -> dict[str, Any]:
    """The parameters of an event but for its items. Texts are cut at 100 characters."""
    campaign = {
        theirs: event.extra[ours]
        for ours, theirs in _CAMPAIGN.items()
        if isinstance(event.extra.get(ours), str)
    }
    made = present(
        {
            "session_id": session_id(event, measurement_id),
            "engagement_time_msec": 1,
            "transaction_id": event.order_id or event.event_id,
            "value": event.value,
            "currency": event.currency if event.value is not None else None,
            **campaign,
        }
    )
    return {
        name: cut(value, MOST_CHARACTERS) if isinstance(value, str) else value
        for name, value in made.items()
    }


def items(event: Event, room: int) -> list[dict[str, Any]]:
    """The items that fit into so many bytes."""
    fitting: list[dict[str, Any]] = []
    for item in event.contents[:MOST_ITEMS]:
        made = _item(item)
        room -= len(dumps(made)) + 1
        if room < 0:
            break
        if made:
            fitting.append(made)
    return fitting


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    names = {"id": "item_id", "name": "item_name", "category": "item_category"}
    texts = {
        theirs: cut(item[ours], MOST_CHARACTERS) for ours, theirs in names.items() if item.get(ours)
    }
    if not texts.keys() & {"item_id", "item_name"}:
        return {}  # GA4 takes no item without one of them
    return {**texts, **present({"quantity": item.get("quantity"), "price": item.get("price")})}


def _event(event: Event, destination: Destination, now: datetime) -> dict[str, Any]:
    made = params(event, destination.credentials["measurement_id"])
    listed = items(event, MOST_BYTES // 2)
    return {
        "name": ga4_name(name_of(event, destination) or event.event_type),
        "timestamp_micros": microseconds(min(event.event_time, now)),
        "params": {**made, **present({"items": listed})},
    }
