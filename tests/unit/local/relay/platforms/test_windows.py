"""How long each platform knows a copy: by its own key, for its own time."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from chalicelib.relay.delivery.adapters import adapter_of
from local.relay.platforms.exchange import Request
from local.relay.platforms.site import Site
from tests.support.marketing_events import NOW, destination, purchase

HOUR = 3600.0


class Clock:
    now = NOW.timestamp()

    def __call__(self) -> float:
        return self.now


def counted(name: str, hours: float, **changes: Any) -> tuple[int, int, int]:
    """Unique, duplicate and counted again, when an event comes twice, so many hours apart."""
    clock = Clock()
    site = Site(clock)
    event = purchase(event_time=NOW - timedelta(minutes=5), **changes)
    made = adapter_of(name).compose([event], destination(name), NOW)
    url = urlsplit(made.url)
    headers = {key.lower(): value for key, value in made.headers.items()}
    for moment in (clock.now, clock.now + hours * HOUR):
        clock.now = moment
        site.answer(
            Request("POST", f"/{name}{url.path}", dict(parse_qsl(url.query)), headers, made.body)
        )
    reply = site.answer(Request("GET", "/_seen", {}, {}, b"")).reply
    assert reply is not None
    ((_, held),) = json.loads(reply.body)[name].items()
    return held["unique"], held["duplicate"], held["counted_again"]


@pytest.mark.parametrize("name", ["meta", "tiktok", "snapchat"])
def test_copy_is_known_for_two_days(name: str) -> None:
    assert counted(name, 47) == (1, 1, 0)
    assert counted(name, 49) == (2, 0, 1)


def test_offline_copy_is_not_known() -> None:
    assert counted("pinterest", 0.9) == (1, 1, 0)
    assert counted("pinterest", 1.1) == (2, 0, 1)


def test_transaction_is_known_for_ever() -> None:
    assert counted("ga4", 71) == (1, 1, 0)
    assert counted("ga4", 1, event_type="account_created") == (2, 0, 1)
