"""Whatever an adapter sends, the other side takes, which was written from the platforms' documents."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.relay.delivery.adapters import ADAPTERS, adapter_of
from chalicelib.relay.delivery.composing import too_old
from chalicelib.relay.delivery.shapes import Answer, Event, Kind, Request
from local.relay.platforms import exchange
from local.relay.platforms.site import Site
from tests.support.marketing_events import NOW, destination, events

OWN_PATHS = {"sgtm": "/sgtm/shop/mp/collect", "webhook": "/webhook/in"}


def answered(site: Site, name: str, request: Request) -> Answer:
    """The other side's answer, without a network."""
    url = urlsplit(request.url)
    path = OWN_PATHS.get(name, f"/{name}{url.path}")
    headers = {key.lower(): value for key, value in request.headers.items()}
    sending = site.answer(
        exchange.Request("POST", path, dict(parse_qsl(url.query)), headers, request.body)
    )
    assert sending.reply is not None
    reply = sending.reply
    return Answer(status=reply.status, headers=dict(reply.headers), body=reply.body)


@pytest.mark.parametrize("name", ADAPTERS)
@settings(max_examples=15)
@given(given_events=st.lists(events(), min_size=1, max_size=2))
def test_platform_takes_what_is_sent(name: str, given_events: list[Event]) -> None:
    adapter, there, site = adapter_of(name), destination(name), Site(NOW.timestamp)
    fit = [
        event
        for event in given_events
        if adapter.skip_reason(event, there) is None and not too_old(event, adapter, NOW)
    ]

    for group in adapter.group(fit, there):
        answer = answered(site, name, adapter.compose(group, there, NOW))
        assert adapter.judge(answer, len(group), NOW).kind == Kind.DELIVERED, problems(site)

    assert problems(site) == []


def problems(site: Site) -> list[str]:
    """Why the other side refused something."""
    request = exchange.Request("GET", "/_seen", {}, {}, b"")
    reply = site.answer(request).reply
    assert reply is not None
    found = json.loads(reply.body)
    return [
        problem
        for accounts in found.values()
        for account in accounts.values()
        for problem in account["problems"]
    ]
