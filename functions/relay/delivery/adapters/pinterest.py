"""Pinterest's Conversions API v5 (https://developers.pinterest.com/docs/api/v5/events-create).

Its answer speaks of each event, in the order of the request. An unknown field fails the event.
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
    item_count,
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
from chalicelib.relay.delivery.shapes import (
    Answer,
    Destination,
    Event,
    EventVerdict,
    Kind,
    Request,
    Verdict,
)
from chalicelib.relay.values.consent import AD_PURPOSES
from chalicelib.relay.values.times import seconds

HOST = "https://api.pinterest.com"
VERSION = "v5"
_EVENTS = """
add_payment_info add_to_cart add_to_wishlist app_install app_open checkout contact custom
customize_product find_location initiate_checkout lead page_visit schedule search signup
start_trial submit_application subscribe view_category view_content watch_video
"""
NAMES = tuple(_EVENTS.split())

CREDENTIALS: Mapping[str, Field] = {
    "ad_account_id": matching(r"\d{1,30}", "the digits of the ad account's id"),
    "access_token": token(),
}
SETTINGS: Mapping[str, Field] = {
    **platform_settings(one_of(*NAMES).check),
    "action_source": one_of("web", "offline"),
}
AGE_LIMIT = timedelta(days=7)
DEDUP_WINDOW = timedelta(hours=1)
"""What is older counts as offline there, and offline events are not deduplicated."""
BATCH = 1000
CONCURRENCY = 4
REQUESTS_PER_MINUTE = 4500
TIMEOUT = 10

_HASHES = ("em", "ph", "ge", "db", "ln", "fn", "ct", "st", "zp", "country", "external_id")
_IDS = {
    "ip_address": "client_ip_address",
    "user_agent": "client_user_agent",
    "epik": "click_id",
}


def account(destination: Destination) -> str:
    return f"pinterest:{destination.credentials['ad_account_id']}"


def skip_reason(event: Event, destination: Destination) -> str | None:
    reason = skipped(event, destination, AD_PURPOSES)
    if reason:
        return reason
    known = event.match_keys.get("em") or has_address_and_agent(event)
    return None if known else "no_user_identifiers"


def group(events: Sequence[Event], _destination: Destination) -> list[list[Event]]:
    return in_batches(events, BATCH)


def compose(events: Sequence[Event], destination: Destination, now: datetime) -> Request:
    source = destination.settings.get("action_source") or "web"
    data = [_event(event, name_of(event, destination), source, now) for event in events]
    return _post(data, destination, None)


def test_request(destination: Destination, now: datetime) -> Request:
    return _post([_event(sample_event(now), "signup", "web", now)], destination, {"test": "true"})


def _post(
    data: list[dict[str, Any]], destination: Destination, query: Mapping[str, str] | None
) -> Request:
    credentials, version = destination.credentials, destination.settings.get("api_version")
    ad_account = f"ad_accounts/{credentials['ad_account_id']}"
    return post(
        f"{base_url(destination, HOST)}/{version or VERSION}/{ad_account}/events",
        {"data": data},
        query=query,
        headers={"Authorization": f"Bearer {credentials['access_token']}"},
        secrets=[credentials["access_token"]],
    )


def _event(event: Event, name: str | None, source: str, now: datetime) -> dict[str, Any]:
    hashes = {key: [event.match_keys[key]] for key in _HASHES if event.match_keys.get(key)}
    return {
        "event_name": name,
        "action_source": source,
        "event_time": seconds(min(event.event_time, now)),
        "event_id": event.dedup_id,
        "user_data": {**hashes, **renamed(event.private, _IDS)},
        **present({"event_source_url": event.private.get("url"), "custom_data": _custom(event)}),
    }


def _custom(event: Event) -> dict[str, Any]:
    return present(
        {
            "value": _text(event.value),
            "currency": event.currency if event.value is not None else None,
            "order_id": event.order_id,
            "content_ids": [item["id"] for item in event.contents if item.get("id")],
            "contents": [made for item in event.contents if (made := _item(item))],
            "num_items": item_count(event),
            "opt_out_type": "LDP" if event.consent.get("limited_data_use") else None,
        }
    )


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    return present(
        {
            "id": item.get("id"),
            "item_name": item.get("name"),
            "item_category": item.get("category"),
            "quantity": item.get("quantity"),
            "item_price": _text(item.get("price")),
        }
    )


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def judge(answer: Answer, count: int, now: datetime) -> Verdict:
    """200 and 422 speak of each event, 422 inside its `details` or beside them."""
    body = json_of(answer)
    if answer.status in {200, 422}:
        each = _of_each(field_of(body, "events") or field_of(body, "details", "events"), count)
        if each:
            return each
    if 200 <= answer.status < 300:
        return _without_events(body, count)
    verdict = by_class_of_json(answer, body, count, now)
    if body is None:
        return verdict
    code, words = field_of(body, "code"), as_words(field_of(body, "message"))
    return verdict._replace(code=str(code) if code is not None else verdict.code, words=words)


def _of_each(events: object, count: int) -> Verdict | None:
    if not isinstance(events, list) or len(events) != count:
        return None
    each = tuple(
        EventVerdict(
            delivered=field_of(event, "status") == "processed",
            words=as_words(field_of(event, "error_message")),
        )
        for event in events
    )
    if all(event.delivered for event in each):
        return Verdict(Kind.DELIVERED)
    return Verdict(Kind.EACH, events=each)


def _without_events(body: dict[str, Any] | None, count: int) -> Verdict:
    if body is None:
        return outage("200", "no JSON in the answer")
    if field_of(body, "num_events_processed") == count:
        return Verdict(Kind.DELIVERED)
    return refused(count, "200", "the answer does not speak of each event")
