"""TikTok's Events API 2.0 (https://business-api.tiktok.com/portal/docs?id=1771100865818625).

HTTP 200 says nothing: the `code` in the body does.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.relay.delivery.answers import (
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
from chalicelib.relay.values.wrong import WrongValue

HOST = "https://business-api.tiktok.com"
VERSION = "v1.3"
_NAME = matching(r"[A-Za-z][A-Za-z0-9_ -]{0,49}", "a name of at most 50 letters and digits")

CREDENTIALS: Mapping[str, Field] = {
    "event_source_id": matching(r"[A-Za-z0-9]{1,64}", "the pixel's code, letters and digits"),
    "access_token": token(),
}
SETTINGS: Mapping[str, Field] = {
    **platform_settings(_NAME.check),
    "event_source": one_of("web", "offline", "crm"),
}
AGE_LIMIT = timedelta(days=7)
DEDUP_WINDOW = timedelta(hours=48)
BATCH = 1000
CONCURRENCY = 4
REQUESTS_PER_MINUTE = 30_000
TIMEOUT = 10

_HASHES = {"em": "email", "ph_plus": "phone", "external_id": "external_id"}
_IDS = {
    "ttclid": "ttclid",
    "ttp": "ttp",
    "ip_address": "ip",
    "user_agent": "user_agent",
    "city": "city",
    "state": "state",
    "country": "country",
}
_DELIVERED = 0
_PARTLY = 20001
_INVALID = 40002
_THROTTLED = 40100
_BLOCKING = {40001: "permission", **dict.fromkeys(range(40101, 40200), "credential")}


def account(destination: Destination) -> str:
    return f"tiktok:{destination.credentials['event_source_id']}"


def skip_reason(event: Event, destination: Destination) -> str | None:
    reason = skipped(event, destination, AD_PURPOSES)
    if reason:
        return reason
    known = any(event.match_keys.get(key) for key in _HASHES)
    if known or event.private.keys() & {"ttclid", "ttp"} or has_address_and_agent(event):
        return None
    return "no_user_identifiers"


def group(events: Sequence[Event], _destination: Destination) -> list[list[Event]]:
    return in_batches(events, BATCH)


def compose(events: Sequence[Event], destination: Destination, now: datetime) -> Request:
    return _post([_event(event, name_of(event, destination), now) for event in events], destination)


def test_request(destination: Destination, now: datetime) -> Request:
    if not destination.settings.get("test_event_code"):
        raise WrongValue("settings.test_event_code: is needed for a test; Events Manager shows it")
    return _post([_event(sample_event(now), "CompleteRegistration", now)], destination)


def _post(data: list[dict[str, Any]], destination: Destination) -> Request:
    settings, access_token = destination.settings, destination.credentials["access_token"]
    version = settings.get("api_version") or VERSION
    return post(
        f"{base_url(destination, HOST)}/open_api/{version}/event/track/",
        {
            "event_source": settings.get("event_source") or "web",
            "event_source_id": destination.credentials["event_source_id"],
            "data": data,
            **present({"test_event_code": settings.get("test_event_code")}),
        },
        headers={"Access-Token": access_token},
        secrets=[access_token],
    )


def _event(event: Event, name: str | None, now: datetime) -> dict[str, Any]:
    url = event.private.get("url")
    return {
        "event": name,
        "event_time": seconds(min(event.event_time, now)),
        "event_id": event.dedup_id,
        "user": {**renamed(event.match_keys, _HASHES), **renamed(event.private, _IDS)},
        **present({"page": {"url": url} if url else None, "properties": _properties(event)}),
        **({"limited_data_use": True} if event.consent.get("limited_data_use") else {}),
    }


def _properties(event: Event) -> dict[str, Any]:
    contents = [_item(item) for item in event.contents if item.get("id")]
    return present(
        {
            "value": event.value,
            "currency": event.currency if event.value is not None else None,
            "order_id": event.order_id,
            "content_type": "product" if contents else None,
            "contents": contents,
        }
    )


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    return present(
        {
            "content_id": item["id"],
            "content_name": item.get("name"),
            "content_category": item.get("category"),
            "quantity": item.get("quantity", 1),
            "price": item.get("price"),
        }
    )


def judge(answer: Answer, count: int, now: datetime) -> Verdict:
    said = json_of(answer)
    code = field_of(said, "code")
    if isinstance(code, int) and not isinstance(code, bool):
        return _of_code(code, str(field_of(said, "message") or ""), answer, count, now)
    if 200 <= answer.status < 300:
        return outage(str(answer.status), "no code in the answer")
    return by_class_of_json(answer, said, count, now)


def _of_code(code: int, words: str, answer: Answer, count: int, now: datetime) -> Verdict:
    """A part that was taken does no harm when it is sent again: it is deduplicated."""
    if code == _DELIVERED and 200 <= answer.status < 300:
        return Verdict(Kind.DELIVERED, str(code))
    if code in {_PARTLY, _INVALID}:
        return refused(count, str(code), words)
    if code in _BLOCKING:
        return blocked(_BLOCKING[code], str(code), words)
    if code == _THROTTLED or answer.status == 429:
        return overload(answer, now, str(code), words)
    if 50000 <= code < 60000:
        return outage(str(code), words)
    return _unnamed(code, words, answer, count, now)


def _unnamed(code: int, words: str, answer: Answer, count: int, now: datetime) -> Verdict:
    """A code that no rule names; with HTTP 200 the code's first digit is its class."""
    if answer.status >= 300:
        return by_class(answer, count, now, unclassified=True)._replace(code=str(code))
    made = refused(count, str(code), words) if 40000 <= code < 50000 else outage(str(code), words)
    return made._replace(unclassified=True)
