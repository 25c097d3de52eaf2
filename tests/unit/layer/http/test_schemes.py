"""Which of a system's schemes a request is judged by."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from fintegrate.access.caller import Credentials, Refused
from fintegrate.errors import Unauthorized
from fintegrate.http.endpoint import Answer, Call, Endpoint, Nothing, endpoints
from fintegrate.http.requests import current


class ByHeader:
    """A scheme that refuses everybody in its own words."""

    def __init__(self, header: str) -> None:
        self._header = header

    def carried_by(self, request: Credentials) -> bool:
        return request.header(self._header) is not None

    def recognised(self, _request: Credentials) -> None:
        return None

    def authenticate(self, _request: Credentials, _known: None = None) -> NoReturn:
        raise Refused(Unauthorized(f"{self._header} is wrong"), "wrong")


@pytest.mark.parametrize(
    ("taken", "sent", "refused"),
    [
        ((), "token", "token is wrong"),
        ((), "password", "password is wrong"),
        ((), None, "password is wrong"),
        (("Token",), "token", "token is wrong"),
        (("Token",), "password", "token is wrong"),
    ],
    ids=["second", "first", "none sent", "named", "not taken"],
)
def test_endpoint_takes_schemes_named_or_all(
    taken: tuple[str, ...], sent: str | None, refused: str
) -> None:
    schemes = {"Password": ByHeader("password"), "Token": ByHeader("token")}
    counted: list[str] = []
    metrics = SimpleNamespace(count=lambda _family, reason: counted.append(reason))
    parts: Any = SimpleNamespace(
        schemes=schemes, metrics=metrics, rate_limiter=None, audit=None, idempotency_keys=None
    )
    view = endpoints(lambda: parts, Endpoint)(Nothing, schemes=taken)(do_nothing)

    with_header: Any = SimpleNamespace(
        header={sent: "credentials"}.get, method="GET", path="/", id="1"
    )
    scope = current.set(with_header)
    try:
        response = view()
    finally:
        current.reset(scope)

    assert response.status_code == 401
    assert refused in str(response.body)
    assert counted == ["wrong"]


def do_nothing(_call: Call[Nothing]) -> Answer:
    """Nobody gets this far."""
    raise AssertionError("not authenticated")
