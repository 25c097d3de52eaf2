"""Events and destinations as the relay's delivery meets them, and strategies that make them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from hypothesis import strategies as st

from chalicelib.relay.delivery.shapes import Destination, Event
from chalicelib.relay.values.client_ids import client_ids
from chalicelib.relay.values.contents import contents_of
from chalicelib.relay.values.match_keys import user_data

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
THEN = datetime(2026, 11, 26, 11, 30, 0, 250_000, UTC)
UNIX = 1795692600
"""The seconds of THEN."""

USER = {
    "email": "A.nn@gmail.com",
    "phone": "(202) 555-0123",
    "first_name": "Zoë",
    "last_name": "O'Brien",
    "city": "New York",
    "state": "NY",
    "zip": "10001",
    "country": "US",
    "external_id": "Cust-17",
}
CLIENT = {
    "ip_address": "203.0.113.7",
    "user_agent": "Mozilla/5.0",
    "url": "https://shop.example/thanks",
    "fbp": "fb.1.1596403881668.1116446470",
    "fbc": "fb.1.1554763741205.AbCdEf",
    "ttclid": "E.C.P.CtMB",
    "ttp": "94e2a4j9",
    "epik": "dj0yJnU9",
    "sccid": "8b9e5e5c-41bb",
    "ga_client_id": "1234567890.1700000000",
}
TOKEN = "token/with+signs=12345"
WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

_DESTINATIONS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "webhook": ({"url": "https://hooks.example/in"}, {"secret": WEBHOOK_SECRET}),
    "meta": ({}, {"pixel_id": "123456789", "access_token": TOKEN}),
    "ga4": ({}, {"measurement_id": "G-ABC123DEF4", "api_secret": TOKEN}),
    "tiktok": ({}, {"event_source_id": "CABCDEF123", "access_token": TOKEN}),
    "pinterest": ({}, {"ad_account_id": "549755885175", "access_token": TOKEN}),
    "snapchat": ({}, {"pixel_id": "0f7b1d3e-9f5c-4f47", "access_token": TOKEN}),
    "sgtm": ({"sgtm_url": "https://tags.shop.example", "measurement_id": "G-ABC123DEF4"}, {}),
}
ADAPTERS = tuple(_DESTINATIONS)


def sha(text: str) -> str:
    """The hash that a platform expects, made without the product."""
    return sha256(text.encode()).hexdigest()


def destination(adapter: str, **settings: Any) -> Destination:
    """A destination that works, with these settings beside the needed ones."""
    needed, credentials = _DESTINATIONS[adapter]
    return Destination(
        id="17", adapter=adapter, settings={**needed, **settings}, credentials=credentials
    )


def purchase(**changes: Any) -> Event:
    """A purchase by somebody who is known in every way."""
    user = user_data(USER, "US")
    contents, _ = contents_of(
        [{"id": "kit-1", "quantity": 2, "price": Decimal("30.395"), "name": "Kit"}, {"id": "b"}],
        "USD",
    )
    values: dict[str, Any] = {
        "id": 4711,
        "dedup_id": "2025010100001111:purchase_completed",
        "event_id": "2025010100001111",
        "order_id": "2025010100001111",
        "event_type": "purchase_completed",
        "event_time": THEN,
        "value": Decimal("80.79"),
        "currency": "USD",
        "contents": contents,
        "match_keys": user.keys,
        "private": {**client_ids(CLIENT)[0], **user.places},
        "extra": {
            "t-value": "x",
            "utm_source": "news",
            "utm_campaign": "fall",
            "session_id": "s-1",
        },
    }
    return Event(**{**values, **changes})


def nobody(**changes: Any) -> Event:
    """A consult that tells nothing of a person, as the seed's samples do."""
    plain = {"match_keys": {}, "private": {}, "contents": [], "extra": {}, "value": None}
    return purchase(**{"event_type": "consult_started", **plain, **changes})


_TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=150)
_ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "id": _TEXTS.map(lambda t: t[:255]),
        "name": _TEXTS.map(lambda t: t[:255]),
        "category": _TEXTS.map(lambda t: t[:255]),
        "quantity": st.integers(0, 1000),
        "price": st.decimals(0, 10_000, places=2),
    },
)
_FLAGS = st.sampled_from(["granted", "denied"])


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Any event that an intake may have accepted."""
    user = user_data(
        draw(st.fixed_dictionaries({}, optional={k: st.just(v) for k, v in USER.items()})), "US"
    )
    client = draw(st.fixed_dictionaries({}, optional={k: st.just(v) for k, v in CLIENT.items()}))
    contents, _ = contents_of(draw(st.lists(_ITEMS, max_size=6)), "USD")
    order_id = draw(_TEXTS)
    known = st.sampled_from(["purchase_completed", "consult_started", "rx_issued", "error"])
    event_type = draw(known | st.from_regex(r"[A-Za-z][A-Za-z0-9_.:-]{0,99}", fullmatch=True))
    return purchase(
        id=draw(st.integers(1, 2**40)),
        dedup_id=f"{order_id}:{event_type}",
        event_id=order_id,
        order_id=order_id,
        event_type=event_type,
        event_time=NOW + timedelta(seconds=draw(st.integers(-600_000, 600))),
        value=draw(st.none() | st.decimals(0, 100_000, places=2)),
        contents=contents,
        match_keys=user.keys,
        private={**client_ids(client)[0], **user.places},
        consent=draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "ad_storage": _FLAGS,
                    "ad_user_data": _FLAGS,
                    "analytics_storage": _FLAGS,
                    "limited_data_use": st.booleans(),
                },
            )
        ),
        extra=draw(st.dictionaries(_TEXTS, _TEXTS | st.integers() | st.lists(_TEXTS), max_size=4)),
    )
