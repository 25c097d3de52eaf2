"""An endpoint that everybody may call, and that knows its caller if there are credentials."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from fintegrate.access.caller import Caller, Credentials, Refused
from fintegrate.errors import TooManyRequests, Unauthorized
from fintegrate.http.endpoint import ANYBODY, Access, Answer, Call, Endpoint, Nothing, endpoints
from fintegrate.http.rate_limit import network_of
from fintegrate.http.requests import current

ANN = Caller("ann", "ann", "ann", is_admin=False)


class ByTicket:
    """A scheme that knows one ticket."""

    def carried_by(self, request: Credentials) -> bool:
        return request.header("ticket") is not None

    def recognised(self, _request: Credentials) -> None:
        return None

    def authenticate(self, request: Credentials, _known: None = None) -> Caller:
        if request.header("ticket") != "ann's":
            raise Refused(Unauthorized("ticket is wrong"), "wrong")
        return ANN


class Limiter:
    """Remembers whose tokens were taken."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.is_empty = False

    def take(self, subject: str, _asked: None = None) -> dict[str, str]:
        return self._take(subject)

    def take_of_address(self, address: str) -> dict[str, str]:
        return self._take(f"address {address}")

    def _take(self, subject: str) -> dict[str, str]:
        if self.is_empty:
            raise TooManyRequests("too many", 2, {"RateLimit-Remaining": "0"})
        self.taken.append(subject)
        return {"RateLimit-Remaining": "1"}


class Asked(NamedTuple):
    """What came of a request."""

    status: int
    callers: list[Caller]
    headers: dict[str, Any]


def ask(limiter: Limiter, access: Access = Access.OPTIONAL, **headers: str) -> Asked:
    callers: list[Caller] = []

    def read(call: Call[Nothing]) -> Answer:
        callers.append(call.caller)
        return Answer()

    metrics = SimpleNamespace(count=lambda *_labels: None)
    parts: Any = SimpleNamespace(
        schemes={"Ticket": ByTicket()},
        metrics=metrics,
        rate_limiter=limiter,
        audit=None,
        idempotency_keys=None,
        max_body_bytes=100,
        database=None,
        publish_new=None,
    )
    request: Any = SimpleNamespace(
        header=headers.get,
        method="GET",
        path="/",
        id="1",
        source_ip="192.0.2.1",
        parse=lambda model, _most: model(),
    )
    scope = current.set(request)
    try:
        response = endpoints(lambda: parts, Endpoint)(Nothing, access=access)(read)()
    finally:
        current.reset(scope)
    return Asked(response.status_code, callers, response.headers)


def test_valid_credentials_give_the_caller() -> None:
    limiter = Limiter()

    asked = ask(limiter, ticket="ann's")

    assert (asked.status, asked.callers, limiter.taken) == (200, [ANN], ["ann"])


def test_none_give_anybody() -> None:
    limiter = Limiter()

    asked = ask(limiter)

    assert (asked.status, asked.callers) == (200, [ANYBODY])
    assert limiter.taken == ["address 192.0.2.1"]
    assert asked.headers["RateLimit-Remaining"] == "1"


@pytest.mark.parametrize(
    "headers", [{"ticket": "bob's"}, {"ticket": ""}, {"authorization": "Basic abc"}]
)
def test_bad_credentials_are_refused(headers: dict[str, str]) -> None:
    limiter = Limiter()

    asked = ask(limiter, **headers)

    assert (asked.status, asked.callers, limiter.taken) == (401, [], [])


def test_addresses_are_limited() -> None:
    limiter = Limiter()
    limiter.is_empty = True

    asked = ask(limiter)

    assert (asked.status, asked.callers, asked.headers["Retry-After"]) == (429, [], "2")


def test_public_endpoint_looks_at_nothing() -> None:
    limiter = Limiter()

    asked = ask(limiter, Access.PUBLIC, ticket="bob's")

    assert (asked.status, asked.callers, limiter.taken) == (200, [ANYBODY], [])


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        (":nonsense:", "unknown"),
        ("unknown", "unknown"),
    ],
)
def test_ipv6_callers_share_a_network(address: str, network: str) -> None:
    assert network_of(address) == network
