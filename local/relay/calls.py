"""Calls of the relay by HTTP, as its admin and as the order system, and of the platforms' pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from local.serving.calls import SECONDS, Caller, CallFailed


class Relay(Caller):
    """One user of the relay."""

    def __init__(
        self, base_url: str, user: str, password: str, timeout_seconds: float = SECONDS
    ) -> None:
        super().__init__(base_url, auth=(user, password), timeout_seconds=timeout_seconds)


class Platforms:
    """The pages that rule the platforms' server."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._http = httpx.Client(base_url=base_url, timeout=SECONDS, trust_env=False)

    def know(self, platform: str, account: str, credential: str) -> None:
        """Say which credential of an account is right."""
        wanted = {"platform": platform, "account": account, "credential": credential}
        self._post("/_accounts", wanted)

    def behave(self, platform: str, how: str, **further: Any) -> None:
        """Make a platform misbehave."""
        self._post("/_behave", {"platform": platform, "how": how, **further})

    def calm(self) -> None:
        """Let all platforms behave."""
        self._http.delete("/_behave").raise_for_status()

    def seen(self) -> dict[str, dict[str, Any]]:
        """What they hold, by platform and account, with the ids."""
        found: dict[str, dict[str, Any]] = self._http.get("/_seen", params={"ids": 1}).json()
        return found

    def _post(self, path: str, body: Mapping[str, Any]) -> None:
        answer = self._http.post(path, json=body)
        if answer.status_code != httpx.codes.OK:
            raise CallFailed(f"POST {path}: {answer.text}", answered=True)

    def close(self) -> None:
        self._http.close()
