"""An operator who looks at app.events. Nothing is answered from memory in these tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.appevents.console.read_overview import KEPT
from tests.integration.appevents.conftest import Reply, User

Look = Callable[..., Any]


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    kept = [(each, each.seconds) for each in KEPT]
    for each, _ in kept:
        each.seconds = 0
    yield
    for each, seconds in kept:
        each.seconds = seconds
        each.clear()


@pytest.fixture
def ask(user: User, environment: dict[str, str]) -> Callable[..., Reply]:
    """Asks below /app as the operator."""
    headers = {"Authorization": "", "X-API-Key": environment["ADMIN_API_KEY"]}

    def call(path: str, **query: object) -> Reply:
        return user.call("GET", f"/app{path}", headers=headers, query=query)

    return call


@pytest.fixture
def look(ask: Callable[..., Reply]) -> Look:
    """The same; what is answered with 200."""

    def data(path: str, **query: object) -> Any:
        reply = ask(path, **query)
        assert reply.status == 200, reply
        return reply.data

    return data
