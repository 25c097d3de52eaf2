"""Snapchat's Conversions API v3 (https://developers.snap.com/api/marketing-api/Conversions-API).

The token is in the query, because Snap documents it only so. A `status` in the body decides, also with
HTTP 200.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from chalicelib.relay.delivery.answers import by_class_of_json, field_of, json_of, outage, refused
from chalicelib.relay.delivery.answers import said as as_words
from chalicelib.relay.delivery.composing import (
    base_url,
    has_address_and_agent,
    in_batches,
    name_of,
    post,
    present,
    renamed,
    skipped,
)
from chalicelib.relay.delivery.fields import (
    Field,
    matching,
    one_of,
    platform_settings,
    token,
)
from chalicelib.relay.delivery.samples import sample_event
from chalicelib.relay.delivery.shapes import Answer, Destination, Event, Kind, Request, Verdict
from chalicelib.relay.values.consent import AD_PURPOSES
from chalicelib.relay.values.times import seconds

HOST = "https://tr.snapchat.com"
VERSION = "v3"
_EVENTS = """
ACHIEVEMENT_UNLOCKED ADD_BILLING ADD_CART ADD_TO_WISHLIST AD_CLICK AD_VIEW APP_INSTALL APP_OPEN
COMPLETE_TUTORIAL CUSTOM_EVENT_1 CUSTOM_EVENT_2 CUSTOM_EVENT_3 CUSTOM_EVENT_4 CUSTOM_EVENT_5 INVITE
LEVEL_COMPLETE LIST_VIEW LOGIN PAGE_VIEW PURCHASE RATE RESERVE SAVE SEARCH SHARE SIGN_UP
SPENT_CREDITS START_CHECKOUT START_TRIAL SUBSCRIBE VIEW_CONTENT
"""
NAMES = tuple(_EVENTS.split())

CREDENTIALS: Mapping[str, Field] = {
    "pixel_id": matching(r"[A-Za-z0-9-]{1,64}", "the pixel's id, letters, digits and dashes"),
    "access_token": token(),
}
SETTINGS: Mapping[str, Field] = platform_settings(one_of(*NAMES).check)
AGE_LIMIT = timedelta(days=37)
DEDUP_WINDOW = timedelta(hours=48)
BATCH = 1000
CONCURRENCY = 4
REQUESTS_PER_MINUTE = 6000
TIMEOUT = 10

_HASHES = ("em", "ph", "fn", "ln", "ct", "st", "zp", "country", "db", "ge", "external_id")
_IDS = {
    "ip_address": "client_ip_address",
    "user_agent": "client_user_agent",
    "sccid": "sc_click_id",
}
_TAKEN = {"VALID", "SUCCESS"}


def account(destination: Destination) -> str:
    return f"snapchat:{destination.credentials['pixel_id']}"


def skip_reason(event: Event, destination: Destination) -> str | None:
    reason = skipped(event, destination, AD_PURPOSES)
    if reason:
        return reason
    known = event.match_keys.get("em") or event.match_keys.get("ph")
    return None if known or has_address_and_agent(event) else "no_user_identifiers"


def group(events: Sequence[Event], _destination: Destination) -> list[list[Event]]:
    return in_batches(events, BATCH)


def compose(events: Sequence[Event], destination: Destination, now: datetime) -> Request:
    data = [_event(event, name_of(event, destination), now) for event in events]
    return _post("events", data, destination)


def test_request(destination: Destination, now: datetime) -> Request:
    return _post("events/validate", [_event(sample_event(now), "SIGN_UP", now)], destination)


def _post(path: str, data: list[dict[str, Any]], destination: Destination) -> Request:
    credentials = destination.credentials
    version = destination.settings.get("api_version") or VERSION
    return post(
        f"{base_url(destination, HOST)}/{version}/{credentials['pixel_id']}/{path}",
        {"data": data},
        query={"access_token": credentials["access_token"]},
        secrets=[credentials["access_token"]],
    )


def _event(event: Event, name: str | None, now: datetime) -> dict[str, Any]:
    url = event.private.get("url")
    hashes = {key: [event.match_keys[key]] for key in _HASHES if event.match_keys.get(key)}
    return {
        "event_name": name,
        "event_time": seconds(min(event.event_time, now)),
        "event_id": event.dedup_id,
        "action_source": "WEB" if url else "OFFLINE",
        "user_data": {**hashes, **renamed(event.private, _IDS)},
        **present({"event_source_url": url, "custom_data": _custom(event)}),
        **({"data_processing_options": ["LDU"]} if event.consent.get("limited_data_use") else {}),
    }


def _custom(event: Event) -> dict[str, Any]:
    return present(
        {
            "value": _text(event.value),
            "currency": event.currency if event.value is not None else None,
            "order_id": event.order_id,
            "contents": [_item(item) for item in event.contents if item.get("id")],
        }
    )


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    return present(
        {
            "id": item["id"],
            "quantity": str(item.get("quantity", 1)),
            "item_price": _text(item.get("price")),
        }
    )


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def judge(answer: Answer, count: int, now: datetime) -> Verdict:
    body = json_of(answer)
    status = field_of(body, "status")
    words = as_words(field_of(body, "reason"))
    if not 200 <= answer.status < 300:
        verdict = by_class_of_json(answer, body, count, now)
        return verdict._replace(words=words) if words else verdict
    if not isinstance(status, str):
        return outage(str(answer.status), "no status in the answer")
    if status.upper() in _TAKEN:
        return Verdict(Kind.DELIVERED, status)
    return refused(count, status[:50], words)
