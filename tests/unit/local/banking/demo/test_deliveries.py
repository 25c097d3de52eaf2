"""What the demo says of a bank that is called, as the API answers it."""

from __future__ import annotations

from typing import Any, cast

import pytest

from local.banking.client import Tenant
from local.banking.demo.api import TimedClient
from local.banking.demo.deliveries import CalledProgress


class Api:
    """Answers how the bank's server does; no event is refused."""

    def __init__(self, **lane: Any) -> None:
        self._lane = lane

    def ask(self, _method: str, path: str, *, query: object) -> dict[str, Any]:
        assert query is not None
        return self._lane if path == "/consumer/delivery" else {"events": []}


@pytest.mark.parametrize(
    ("state", "next_try_at", "until"),
    [
        ("failing", "2026-11-27T16:34:37.5+00:00", "until 16:34:37 UTC"),
        ("blocked", None, "for its operator"),
    ],
)
def test_waiting_says_until_when(state: str, next_try_at: str | None, until: str) -> None:
    api = cast("TimedClient", Api(state=state, next_try_at=next_try_at))

    told = CalledProgress(api, Tenant("bank", "id", "key")).tell()

    assert told == [f"the bank's server is {state}; its events wait {until}"]
