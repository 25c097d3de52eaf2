"""Calls of an API that answers in Fintegrate's envelope, over connections that stay open.

For the wings of systems whose callers need no more than this; banking's own has keys and idempotency.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

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
    """An answer: its status, its data, its sentence, and the stable word of a refusal."""

    status: int
    data: Any
    words: str
    reason: str | None = None


class Caller:
    """One user of the API. The address may change while threads use it.

    Args:
        headers: sent with each call, such as a token
        auth: user and password of Basic auth
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout_seconds: float = SECONDS,
    ) -> None:
        self.base_url = base_url
        self._http = httpx.Client(
            headers=headers, auth=auth, timeout=timeout_seconds, trust_env=False
        )

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request; a refusal is a reply, too.

        Raises:
            CallFailed: no answer came, or one without an envelope
        """
        try:
            answer = self._http.request(method, self.base_url + path, json=body, headers=headers)
            found = answer.json()
            detail = found["detail"]
            words, reason = detail["status_description"], detail.get("reason")
            return Reply(answer.status_code, found["data"], words, reason)
        except (httpx.RequestError, ValueError, KeyError) as error:
            words = f"{method} {path}: {type(error).__name__}"
            raise CallFailed(words, answered=False) from error

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The data of an answer.

        Raises:
            CallFailed: as `call`, or it was refused
        """
        reply = self.call(method, path, body, headers)
        if not 200 <= reply.status < 300:
            words = f"{method} {path}: {reply.status} {reply.words}"
            raise CallFailed(words, answered=True)
        return reply.data

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
