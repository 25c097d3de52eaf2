"""Webhooks signed by Standard Webhooks 1.0 (https://www.standardwebhooks.com), one event a request.

The body has hashes only. After a change of the secret both sign for a day, so that the other side
can follow.
"""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.relay.delivery.answers import by_class
from chalicelib.relay.delivery.composing import HEADERS, in_batches, name_of, present, skipped
from chalicelib.relay.delivery.fields import Field, address, common_settings, matching
from chalicelib.relay.delivery.samples import sample_event
from chalicelib.relay.delivery.shapes import Answer, Destination, Event, Request, Verdict
from chalicelib.relay.values.json_text import dumps
from chalicelib.relay.values.times import iso, seconds
from fintegrate.access.standard_webhooks import BOTH_SIGN, PREFIX, new_secret, signed_headers

_UNTIL = matching(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "a time in UTC", required=False)
_NAME = matching(r"[A-Za-z][A-Za-z0-9_.:-]{0,99}", "a name of letters, digits and _.:-")


def _wrong_secret(value: Any) -> str | None:
    try:
        key = b64decode(value.removeprefix(PREFIX), validate=True)
    except (ValueError, AttributeError):
        key = b""
    sound = 24 <= len(key) <= 64 and value.startswith(PREFIX)
    return None if sound else "must be whsec_ and base64 of 24 to 64 bytes"


_SECRET = Field(_wrong_secret)
CREDENTIALS: Mapping[str, Field] = {
    "secret": _SECRET,
    "previous_secret": _SECRET._replace(required=False),
    "previous_until": _UNTIL,
}
SETTINGS: Mapping[str, Field] = {**common_settings(_NAME.check), "url": address(required=True)}
AGE_LIMIT = timedelta(days=7)
DEDUP_WINDOW = None
BATCH = 1
CONCURRENCY = 16
REQUESTS_PER_MINUTE = 600
TIMEOUT = 15


def new_credentials(old: Mapping[str, str] | None, now: datetime) -> dict[str, str]:
    """A fresh secret; the one before it signs beside it for 24 hours."""
    made = {"secret": new_secret()}
    if not old:
        return made
    return {**made, "previous_secret": old["secret"], "previous_until": iso(now + BOTH_SIGN)}


def account(destination: Destination) -> str:
    """The address without its query, which may hold a secret of the receiver's."""
    return f"webhook:{destination.settings['url'].partition('?')[0]}"


def skip_reason(event: Event, destination: Destination) -> str | None:
    return skipped(event, destination, frozenset())


def group(events: Sequence[Event], _destination: Destination) -> list[list[Event]]:
    return in_batches(events, BATCH)


def compose(events: Sequence[Event], destination: Destination, now: datetime) -> Request:
    (event,) = events
    name = name_of(event, destination) or event.event_type
    return _signed(event, name, destination, now)


def judge(answer: Answer, count: int, now: datetime) -> Verdict:
    """A status says all; the body is the receiver's own matter."""
    return by_class(answer, count, now)


def test_request(destination: Destination, now: datetime) -> Request:
    return _signed(sample_event(now), "relay.test", destination, now)


def _signed(event: Event, name: str, destination: Destination, now: datetime) -> Request:
    body = dumps(_body(event, name, now))
    message_id = f"msg_{event.id}_{destination.id}" if event.id else f"msg_{event.dedup_id}"
    keys = _signing(destination.credentials, now)
    return Request(
        method="POST",
        url=str(destination.settings["url"]),
        headers={**HEADERS, **signed_headers(message_id, seconds(now), body, keys)},
        body=body,
        secrets=keys,
    )


def _signing(credentials: Mapping[str, str], now: datetime) -> tuple[str, ...]:
    """The secrets that sign now, the newest first."""
    previous, until = credentials.get("previous_secret"), credentials.get("previous_until", "")
    if previous and iso(now) < until:
        return credentials["secret"], previous
    return (credentials["secret"],)


def _body(event: Event, name: str, now: datetime) -> dict[str, Any]:
    """`type`, `timestamp` and `data`; what is not known is left out."""
    moment = iso(min(event.event_time, now))
    data = {
        "id": event.dedup_id,
        "event_id": event.event_id,
        "order_id": event.order_id,
        "event_type": event.event_type,
        "event_time": moment,
        "value": event.value,
        "currency": event.currency,
        "contents": list(event.contents),
        "user": dict(event.match_keys),
        "consent": dict(event.consent),
        "extra": dict(event.extra),
    }
    return {"type": name, "timestamp": moment, "data": present(data)}
