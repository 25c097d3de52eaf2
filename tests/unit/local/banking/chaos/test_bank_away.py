"""What the operator of a bank that was away does while other rewinds run."""

from __future__ import annotations

from typing import Any

import pytest

from local.banking.chaos.faults import away
from local.banking.client import Reply

OWN = {"consumer_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "reason": "mine"}


class Platform:
    """Answers with the newest job, and begins one if none runs."""

    def __init__(self, newest: dict[str, str] | None) -> None:
        self.newest = newest
        self.begun = 0

    def ask(self, _targets: object, method: str, body: dict[str, str]) -> Reply:
        if method == "GET":
            status = 200 if self.newest else 404
            return Reply(status, {}, {"data": self.newest or {}})
        self.begun += 1
        self.newest = {"reason": body["reason"], "status": "held"}
        return Reply(202, {}, {"data": {}})


def healed(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(away, "_ask", platform.ask)
    targets: Any = None
    return away._is_healed(targets, OWN)


@pytest.mark.parametrize("status", ["held", "publishing"])
def test_others_rewind_is_waited_for(status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = Platform({"reason": "a recovery's", "status": status})

    assert not healed(platform, monkeypatch)
    assert platform.begun == 0


@pytest.mark.parametrize("newest", [None, {"reason": "a recovery's", "status": "done"}])
def test_own_rewind_follows_others(
    newest: dict[str, str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = Platform(newest)

    assert [healed(platform, monkeypatch) for _ in range(2)] == [False, False]
    assert platform.begun == 1


def test_own_rewind_heals_when_publishing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert healed(Platform({"reason": "mine", "status": "publishing"}), monkeypatch)
