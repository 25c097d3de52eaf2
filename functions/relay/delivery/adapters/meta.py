"""Meta's Conversions API (https://developers.facebook.com/docs/marketing-api/conversions-api).

One stale or malformed event fails the whole request, and the answer does not say which: it is halved.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.relay.delivery.answers import (
    LONGEST_WAIT,
    blocked,
    by_class,
    by_class_of_json,
    field_of,
    json_of,
    outage,
    overload,
    refused,
)
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
from chalicelib.relay.delivery.fields import Field, matching, platform_settings, token
from chalicelib.relay.delivery.samples import sample_event
from chalicelib.relay.delivery.shapes import Answer, Destination, Event, Kind, Request, Verdict
from chalicelib.relay.values.consent import AD_PURPOSES
from chalicelib.relay.values.times import seconds
from chalicelib.relay.values.wrong import WrongValue

HOST = "https://graph.facebook.com"
VERSION = "v25.0"
_NAME = matching(r"[A-Za-z][A-Za-z0-9_ -]{0,49}", "a name of at most 50 letters and digits")

CREDENTIALS: Mapping[str, Field] = {
    "pixel_id": matching(r"\d{1,30}", "the digits of the pixel's id"),
    "access_token": token(),
}
SETTINGS: Mapping[str, Field] = platform_settings(_NAME.check)
AGE_LIMIT = timedelta(days=7)
DEDUP_WINDOW = timedelta(hours=48)
BATCH = 1000
CONCURRENCY = 4
REQUESTS_PER_MINUTE = 6000
TIMEOUT = 10

_HASHES = ("em", "ph", "fn", "ln", "ct", "st", "zp", "country", "db", "ge", "external_id")
_IDS = {
    "ip_address": "client_ip_address",
    "user_agent": "client_user_agent",
    "fbc": "fbc",
    "fbp": "fbp",
}
_THROTTLED = {4, 17, 32, 341, 613, *range(80000, 80015)}
_TOKEN = {102, 190}
_PERMISSION = {3, 10, 803, *range(200, 300)}
_BANNED = 368
_UNWELL = {1, 2}
_USAGE = "x-business-use-case-usage"


def account(destination: Destination) -> str:
    return f"meta:{destination.credentials['pixel_id']}"


def skip_reason(event: Event, destination: Destination) -> str | None:
    reason = skipped(event, destination, AD_PURPOSES)
    if reason:
        return reason
    known = any(event.match_keys.get(key) for key in ("em", "ph", "external_id"))
    if not (known or event.private.keys() & {"fbc", "fbp"} or has_address_and_agent(event)):
        return "no_user_identifiers"
    if name_of(event, destination) == "Purchase" and None in {event.value, event.currency}:
        return "missing_field"
    return None


def group(events: Sequence[Event], _destination: Destination) -> list[list[Event]]:
    return in_batches(events, BATCH)


def compose(events: Sequence[Event], destination: Destination, now: datetime) -> Request:
    data = [_event(event, name_of(event, destination), now) for event in events]
    return _post(data, destination)


def test_request(destination: Destination, now: datetime) -> Request:
    if not destination.settings.get("test_event_code"):
        raise WrongValue("settings.test_event_code: is needed for a test; Events Manager shows it")
    return _post([_event(sample_event(now), "CompleteRegistration", now)], destination)


def _post(data: list[dict[str, Any]], destination: Destination) -> Request:
    version = destination.settings.get("api_version") or VERSION
    access_token = destination.credentials["access_token"]
    return post(
        f"{base_url(destination, HOST)}/{version}/{destination.credentials['pixel_id']}/events",
        present({"data": data, "test_event_code": destination.settings.get("test_event_code")}),
        headers={"Authorization": f"Bearer {access_token}"},
        secrets=[access_token],
    )


def _event(event: Event, name: str | None, now: datetime) -> dict[str, Any]:
    on_website = "url" in event.private and "user_agent" in event.private
    return {
        "event_name": name,
        "event_time": seconds(min(event.event_time, now)),
        "event_id": event.dedup_id,
        "action_source": "website" if on_website else "system_generated",
        **present(
            {
                "event_source_url": event.private.get("url") if on_website else None,
                "user_data": _user(event),
                "custom_data": _custom(event),
            }
        ),
        **(_LIMITED if event.consent.get("limited_data_use") else {}),
    }


# Country and state 0 ask Meta to find out where the person is.
_LIMITED = {
    "data_processing_options": ["LDU"],
    "data_processing_options_country": 0,
    "data_processing_options_state": 0,
}


def _user(event: Event) -> dict[str, Any]:
    hashes = {key: [event.match_keys[key]] for key in _HASHES if event.match_keys.get(key)}
    return {**hashes, **renamed(event.private, _IDS)}


def _custom(event: Event) -> dict[str, Any]:
    ids = [item["id"] for item in event.contents if item.get("id")]
    return present(
        {
            "currency": event.currency if event.value is not None else None,
            "value": event.value,
            "order_id": event.order_id,
            "content_type": "product" if ids else None,
            "content_ids": ids,
            "contents": [_item(item) for item in event.contents if item.get("id")],
            "num_items": item_count(event),
        }
    )


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    return present(
        {"id": item["id"], "quantity": item.get("quantity", 1), "item_price": item.get("price")}
    )


def judge(answer: Answer, count: int, now: datetime) -> Verdict:
    said = json_of(answer)
    error = field_of(said, "error")
    if isinstance(error, Mapping):
        return _of_error(error, answer, count, now)
    if 200 <= answer.status < 300 and said is not None:
        received = said.get("events_received")
        if received == count and not isinstance(received, bool):
            return Verdict(Kind.DELIVERED)
        return refused(count, None, f"took {received} of {count} events")
    if 200 <= answer.status < 300:
        return outage(str(answer.status), "no JSON in the answer")
    return by_class_of_json(answer, said, count, now)


def _of_error(error: Mapping[str, Any], answer: Answer, count: int, now: datetime) -> Verdict:
    number, subcode = _whole(error.get("code")), _whole(error.get("error_subcode"))
    code = f"{number}/{subcode}" if subcode else str(number)
    words = str(error.get("error_user_msg") or error.get("message") or "")
    if number in _THROTTLED:
        verdict = overload(answer, now, code, words)
        return verdict._replace(wait=_told_wait(answer) or verdict.wait)
    reason = _blocking_reason(number, subcode)
    if reason:
        return blocked(reason, code, words)
    if number in _UNWELL or error.get("is_transient") is True:
        return outage(code, words)
    if number == 100:
        return refused(count, code, words)
    by_status = by_class(answer, count, now, unclassified=True)
    return by_status._replace(code=code, words=words or by_status.words)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _blocking_reason(number: int | None, subcode: int | None) -> str | None:
    if number in _TOKEN:
        return "credential"
    if number in _PERMISSION:
        return "permission"
    return "account" if number == _BANNED or (number, subcode) == (100, 33) else None


def _told_wait(answer: Answer) -> int | None:
    """The longest `estimated_time_to_regain_access`; Meta counts it in minutes."""
    try:
        usage = json.loads(answer.headers.get(_USAGE, ""))
        minutes = [
            entry["estimated_time_to_regain_access"]
            for entries in usage.values()
            for entry in entries
        ]
        longest = int(max(minutes, default=0))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None
    return min(longest * 60, LONGEST_WAIT) if longest > 0 else None
