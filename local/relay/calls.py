"""Calls of the relay by HTTP, as its admin and as the order system, and of the platforms' pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx

SECONDS = 30.0


class CallFailed(Exception):
    """A call was refused or not answered; the text says which and how.

    Attributes:
        answered: False: it may have been done all the same
    """

    def __init__(self, words: str, *, answered: bool) -> None:
        super().__init__(words)
        self.answered = answered


class Reply(NamedTuple):
    """An answer: its status, its data, and the relay's sentence."""

    status: int
    data: Any
    words: str


class Relay:
    """One user of the relay. The address may change while threads use it."""

    def __init__(
        self, base_url: str, user: str, password: str, timeout_seconds: float = SECONDS
    ) -> None:
        self.base_url = base_url
        self._http = httpx.Client(auth=(user, password), timeout=timeout_seconds, trust_env=False)

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Reply:
        """Send a request; a refusal is a reply, too.

        Raises:
            CallFailed: no answer came, or one without an envelope
        """
        try:
            answer = self._http.request(method, self.base_url + path, json=body)
            found = answer.json()
            return Reply(answer.status_code, found["data"], found["detail"]["status_description"])
        except (httpx.RequestError, ValueError, KeyError) as error:
            words = f"{method} {path}: {type(error).__name__}"
            raise CallFailed(words, answered=False) from error

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The data of an answer.

        Raises:
            CallFailed: as `call`, or it was refused
        """
        reply = self.call(method, path, body)
        if not 200 <= reply.status < 300:
            words = f"{method} {path}: {reply.status} {reply.words}"
            raise CallFailed(words, answered=True)
        return reply.data

    def close(self) -> None:
        self._http.close()


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
