"""The server that behaves like the platforms, by real requests: it takes what is right, nothing else."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from chalicelib.relay.delivery.adapters import ADAPTERS, adapter_of
from chalicelib.relay.delivery.shapes import Answer, Kind, Request
from local.relay.platforms_server import platforms_command
from local.serving.server import start_server
from tests.support.marketing_events import TOKEN, WEBHOOK_SECRET, destination, purchase

ACCOUNTS = {
    "meta": ("123456789", TOKEN),
    "ga4": ("G-ABC123DEF4", TOKEN),
    "tiktok": ("CABCDEF123", TOKEN),
    "pinterest": ("549755885175", TOKEN),
    "snapchat": ("0f7b1d3e-9f5c-4f47", TOKEN),
    "sgtm": ("shop", "G-ABC123DEF4"),
    "webhook": ("shop", WEBHOOK_SECRET),
}
EVERY = pytest.mark.parametrize("name", ADAPTERS)
Send = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with start_server(dict(os.environ), command=platforms_command) as server:
        yield server.base_url


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    """A server that has seen nothing and behaves well."""
    with httpx.Client(base_url=url, trust_env=False) as client:
        client.delete("/_behave")
        client.delete("/_seen")
        for platform, (account, credential) in ACCOUNTS.items():
            known = {"platform": platform, "account": account, "credential": credential}
            assert client.post("/_accounts", json=known).status_code == 200
        yield client


def golden(name: str, url: str, **changes: Any) -> Request:
    """The adapter's own request for a purchase of half an hour ago."""
    now = datetime.now(UTC)
    where = {
        "sgtm": {"sgtm_url": f"{url}/sgtm/shop"},
        "webhook": {"url": f"{url}/webhook/shop"},
    }.get(name, {"base_url": f"{url}/{name}"})
    event = purchase(event_time=now - timedelta(minutes=30), **changes)
    return adapter_of(name).compose([event], destination(name, **where), now)


@pytest.fixture
def send(client: httpx.Client, url: str) -> Send:
    def send(name: str, **changes: Any) -> httpx.Response:
        request = golden(name, url, **changes)
        return client.post(request.url, content=request.body, headers=dict(request.headers))

    return send


def seen(client: httpx.Client, name: str) -> dict[str, Any]:
    account = ACCOUNTS[name][0]
    found = client.get("/_seen", params={"platform": name, "ids": 1}).json()
    return dict(found[name][account])


def judged(name: str, answer: httpx.Response) -> Kind:
    headers = {key.lower(): value for key, value in answer.headers.items()}
    given = Answer(status=answer.status_code, headers=headers, body=answer.content)
    return adapter_of(name).judge(given, 1, datetime.now(UTC)).kind


@EVERY
def test_both_sides_agree(name: str, send: Send, client: httpx.Client) -> None:
    answers = [send(name), send(name)]

    assert [judged(name, answer) for answer in answers] == [Kind.DELIVERED] * 2
    held = seen(client, name)
    assert (held["unique"], held["duplicate"], held["refused"]) == (1, 1, 0), held
    assert list(held["ids"].values()) == [2]


@EVERY
def test_wrong_credential_takes_nothing(name: str, client: httpx.Client, url: str) -> None:
    account = ACCOUNTS[name][0]
    other = "whsec_" + "B" * 32
    known = {"platform": name, "account": account, "credential": other}
    client.post("/_accounts", json=known)
    request = golden(name, url)

    answer = client.post(request.url, content=request.body, headers=dict(request.headers))

    expected = Kind.DELIVERED if name == "ga4" else Kind.CONFIGURATION_REFUSED
    assert judged(name, answer) == expected
    assert (seen(client, name)["unique"], seen(client, name)["refused_requests"]) == (0, 1)


@EVERY
def test_event_against_the_rules_is_refused(name: str, client: httpx.Client, url: str) -> None:
    """A plain address in place of its hash; at a webhook it also changes what is signed."""
    request = golden(name, url)
    sent = json.loads(request.body)
    hashes = [text for text in _texts(sent) if len(text) == 64]
    body = request.body.replace(hashes[0].encode(), b"jane@example.com")

    answer = client.post(request.url, content=body, headers=dict(request.headers))

    held = seen(client, name)
    assert held["unique"] == 0
    assert held["refused"] + held["refused_requests"] == 1
    silent = {"ga4", "sgtm"}
    assert (judged(name, answer) == Kind.DELIVERED) is (name in silent)
    assert "jane" not in client.get("/_seen").text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inside in value.values() if isinstance(value, dict) else value:
            yield from _texts(inside)


def test_test_modes_count_nothing(client: httpx.Client, url: str) -> None:
    now = datetime.now(UTC)
    for name in ADAPTERS:
        where = {
            "sgtm": {"sgtm_url": f"{url}/sgtm/shop"},
            "webhook": {"url": f"{url}/webhook/shop"},
        }.get(name, {"base_url": f"{url}/{name}"})
        there = destination(name, test_event_code="TEST123", **where)
        request = adapter_of(name).test_request(there, now)
        answer = client.post(request.url, content=request.body, headers=dict(request.headers))
        assert judged(name, answer) == Kind.DELIVERED, (name, answer.text)
        assert (seen(client, name)["unique"], seen(client, name)["tests"]) == (0, 1)


def test_debug_address_says_what_is_wrong(client: httpx.Client, url: str) -> None:
    request = golden("ga4", url)
    sent = json.loads(request.body)
    sent["events"][0]["params"]["session_id"] = "not digits"

    answer = client.post(request.url.replace("/mp/", "/debug/mp/"), json=sent)

    (message,) = answer.json()["validationMessages"]
    assert "session_id" in message["description"]


@pytest.mark.parametrize(
    ("name", "behaviour", "kind"),
    [
        ("meta", {"how": "throttle", "retry_after": 7}, Kind.OVERLOAD),
        ("tiktok", {"how": "throttle", "retry_after": 7, "as_date": True}, Kind.OVERLOAD),
        ("pinterest", {"how": "fail"}, Kind.OUTAGE),
        ("snapchat", {"how": "html"}, Kind.OUTAGE),
        ("meta", {"how": "html"}, Kind.OUTAGE),
        ("webhook", {"how": "redirect"}, Kind.CONFIGURATION_REFUSED),
        ("meta", {"how": "refuse_token"}, Kind.CONFIGURATION_REFUSED),
        ("tiktok", {"how": "refuse_token"}, Kind.CONFIGURATION_REFUSED),
        ("meta", {"how": "error_in_200"}, Kind.OUTAGE),
        ("tiktok", {"how": "error_in_200"}, Kind.OUTAGE),
        ("snapchat", {"how": "error_in_200"}, Kind.EVENT_REFUSED),
        ("pinterest", {"how": "refuse_event"}, Kind.EACH),
        ("meta", {"how": "slow", "delay": 0.01}, Kind.DELIVERED),
        ("meta", {"how": "compressed"}, Kind.DELIVERED),
        ("meta", {"how": "drip", "delay": 0.001}, Kind.DELIVERED),
    ],
)
def test_behaviour_is_seen_once(
    name: str, behaviour: dict[str, Any], kind: Kind, client: httpx.Client, send: Send
) -> None:
    wanted = {"platform": name, "account": ACCOUNTS[name][0], "requests": 1, **behaviour}
    assert client.post("/_behave", json=wanted).status_code == 200

    answer = send(name)

    assert judged(name, answer) == kind
    if "retry_after" in behaviour:
        wait = answer.headers["retry-after"]
        moment = parsedate_to_datetime(wait) if behaviour.get("as_date") else None
        assert wait == "7" if moment is None else moment > datetime.now(UTC)
    assert client.get("/_behave").json() == {"behaviours": []}
    if behaviour["how"] != "refuse_event":
        assert judged(name, send(name)) == Kind.DELIVERED


def test_behaviour_says_how_long_it_lasts(client: httpx.Client) -> None:
    client.post("/_behave", json={"platform": "meta", "how": "fail", "seconds": 600})

    (shown,) = client.get("/_behave").json()["behaviours"]

    assert 0 < shown["seconds"] <= 600


@pytest.mark.parametrize(("how", "taken"), [("drop_before", 0), ("drop_after", 1)])
def test_dropped_connection_has_no_answer(
    how: str, taken: int, client: httpx.Client, send: Send
) -> None:
    client.post("/_behave", json={"platform": "meta", "how": how, "requests": 1})

    # What lies unread in the socket is answered with a reset.
    with pytest.raises((httpx.RemoteProtocolError, httpx.NetworkError)):
        send("meta")

    send("meta")
    held = seen(client, "meta")
    assert (held["unique"], held["duplicate"]) == (1, taken)


def test_silent_platform_never_answers(client: httpx.Client, url: str) -> None:
    wanted = {"platform": "meta", "how": "silent", "requests": 1, "takes": True}
    client.post("/_behave", json=wanted)
    request = golden("meta", url)

    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            request.url,
            content=request.body,
            headers=dict(request.headers),
            timeout=0.2,
            trust_env=False,
        )

    assert seen(client, "meta")["unique"] == 1


def test_huge_answer_can_be_left(client: httpx.Client, url: str) -> None:
    client.post("/_behave", json={"platform": "meta", "how": "huge", "requests": 1})
    request = golden("meta", url)

    with client.stream(
        "POST", request.url, content=request.body, headers=dict(request.headers)
    ) as answer:
        assert int(answer.headers["content-length"]) > 10_000_000


def test_refused_event_stays_refused(client: httpx.Client, url: str) -> None:
    wanted = {"platform": "tiktok", "how": "refuse_event", "event": 2, "requests": 1}
    client.post("/_behave", json=wanted)
    adapter, now = adapter_of("tiktok"), datetime.now(UTC)
    events = [purchase(dedup_id=f"id-{n}", event_time=now) for n in range(3)]
    there = destination("tiktok", base_url=f"{url}/tiktok")

    def code(chosen: Any) -> int:
        request = adapter.compose(chosen, there, now)
        answer = client.post(request.url, content=request.body, headers=dict(request.headers))
        return int(answer.json()["code"])

    assert [code(events), code(events[1:2]), code(events[2:])] == [20001, 40002, 0]
    held = seen(client, "tiktok")
    assert (held["unique"], held["duplicate"], held["refused"]) == (2, 1, 2)


def test_copy_of_an_old_event_counts_again(client: httpx.Client, url: str) -> None:
    """What is over an hour old is offline at Pinterest, where nothing is deduplicated."""
    request = golden("pinterest", url)
    sent = json.loads(request.body)
    sent["data"][0]["event_time"] -= 2 * 3600
    for _ in range(2):
        client.post(request.url, json=sent, headers={"Authorization": f"Bearer {TOKEN}"})

    held = seen(client, "pinterest")
    assert (held["unique"], held["duplicate"], held["counted_again"]) == (2, 0, 1)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/_behave", {"how": "sulk", "platform": "meta"}),
        ("/_behave", {"how": "slow", "platform": "myspace"}),
        ("/_behave", {"how": "slow", "platform": "meta", "requests": -1}),
        ("/_behave", {"how": "slow", "platform": "meta", "until": 1}),
        ("/_accounts", {"platform": "meta", "account": "1"}),
        ("/_accounts", []),
    ],
)
def test_nonsense_is_named(path: str, wanted: Any, client: httpx.Client) -> None:
    answer = client.post(path, json=wanted)

    assert answer.status_code == 422
    assert answer.json()["error"]


def test_broken_request_ends_its_connection(url: str) -> None:
    address = urlsplit(url)
    with closing(socket.create_connection((str(address.hostname), address.port or 0))) as broken:
        broken.sendall(b"no request\r\n\r\n")
        broken.settimeout(5)
        assert broken.recv(100).startswith(b"HTTP/1.1 400")
        assert broken.recv(100) == b""
