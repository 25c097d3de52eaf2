"""Calls of app.events by HTTP, as its users do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

import httpx

from local.appevents.tokens import make_token

EVENTS, BATCH = "/api/v1/notify/events", "/api/v1/notify/events/batch"
TIMEOUT_SECONDS = 5.0
ANONYMOUS = ""
"""Instead of a user."""


class NotAnswered(Exception):
    """No answer came, or none that says what became of the request; the text says which."""


class Reply(NamedTuple):
    """An answer: its status, its data and the system's sentence."""

    status: int
    data: Any
    words: str


class App:
    """Users' phones. Each call goes to one of the addresses."""

    def __init__(
        self, base_urls: Sequence[str], environment: Mapping[str, str], random: Random
    ) -> None:
        self._base_urls = base_urls
        self._environment = environment
        self._random = random
        self._http = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False)
        self._tokens: dict[str, str] = {}

    def call(self, user: str, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Send a request; a refusal is a reply, too.

        Raises:
            NotAnswered: no answer, or one of 429 or 5xx
        """
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        if user != ANONYMOUS:
            said["Authorization"] = f"Bearer {self._token(user)}"
        url = self._random.choice(self._base_urls) + path
        try:
            answer = self._http.request(method, url, json=body, headers=said)
            found = answer.json()
            reply = Reply(answer.status_code, found["data"], found["detail"]["status_description"])
        except (httpx.RequestError, ValueError, KeyError, TypeError) as error:
            raise NotAnswered(f"{method} {path}: {type(error).__name__}") from error
        if reply.status == 429 or reply.status >= 500:
            raise NotAnswered(f"{method} {path}: {reply.status}")
        return reply

    def upload(self, offer: Mapping[str, Any], content: bytes) -> None:
        """Send a file to where an offer says.

        Raises:
            NotAnswered: it is not there for sure
        """
        try:
            sent = self._http.put(offer["url"], content=content, headers=offer["headers"])
        except httpx.RequestError as error:
            raise NotAnswered(f"PUT: {type(error).__name__}") from error
        if sent.status_code != httpx.codes.OK:
            raise NotAnswered(f"PUT: {sent.status_code}")

    def close(self) -> None:
        self._http.close()

    def _token(self, user: str) -> str:
        if user not in self._tokens:
            self._tokens[user] = make_token(self._environment, user, 8)
        return self._tokens[user]
