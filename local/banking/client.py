"""Calls the API by HTTP as a tenant or the admin does, and onboards tenants.

One client for the demo, the fault runs and the tests. The bank's own program (`consumer`) has its
own, because a bank has nothing else of this repository; so has the load generator of the
benchmarks, where a client's own work would be measured too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from local.machine.environment import may_use_proxy

Body = Mapping[str, Any]
Post = Callable[[str, Body], dict[str, Any]]
"""Posts a body to a path with the admin's key, and gives the `data` of the answer."""


JSON = {"Content-Type": "application/json"}


class CallFailed(Exception):
    """The API refused a call or gave no answer; the text is its own sentence.

    Attributes:
        status: that of the answer; None when no answer came
    """

    def __init__(self, words: str, status: int | None = None) -> None:
        super().__init__(words)
        self.status = status

    @property
    def passing(self) -> bool:
        """Whether the same call may succeed later."""
        return self.status is None or self.status == 429 or self.status >= 500


@dataclass(frozen=True)
class Reply:
    """An answer: its status, its headers and its envelope."""

    status: int
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def succeeded(self) -> bool:
        """Whether the API did what was asked for."""
        return 200 <= self.status < 300

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.body["data"]
        return data

    @property
    def detail(self) -> dict[str, str]:
        detail: dict[str, str] = self.body["detail"]
        return detail

    @property
    def description(self) -> str:
        """The API's sentence about what it did, or why it did not."""
        return self.detail["status_description"]


@dataclass(frozen=True, slots=True)
class Tenant:
    """A consumer of Fintegrate with its key."""

    name: str
    consumer_id: str
    key: str = field(repr=False)


class Client:
    """Calls endpoints with one key over connections that stay open; threads may share it."""

    def __init__(self, base_url: str, key: str, timeout_seconds: float = 30) -> None:
        self.key = key
        self._http = httpx.Client(
            base_url=base_url,
            headers={"X-API-Key": key},
            timeout=timeout_seconds,
            trust_env=may_use_proxy(base_url),
        )

    def call(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        *,
        query: Body | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request; a refusal is a reply, too.

        Raises:
            CallFailed: no answer came, or one without an envelope
        """
        said = f"{method} {path}"
        given = {name: value for name, value in (query or {}).items() if value is not None}
        content = None if body is None else encoded(body)
        try:
            answer = self._http.request(
                method, path, content=content, params=given, headers={**JSON, **(headers or {})}
            )
        except httpx.RequestError as error:
            raise CallFailed(f"{said}: no answer ({type(error).__name__})") from error
        try:
            return read_reply(answer.status_code, answer.headers, answer.text)
        except ValueError as error:
            words = f"{said}: {answer.status_code} {error}"
            raise CallFailed(words, answer.status_code) from error

    def ask(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        *,
        query: Body | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Send a request; gives the `data` of the answer.

        Raises:
            CallFailed: as `call`, or the API refused
        """
        reply = self.call(method, path, body, query=query, headers=headers)
        if not reply.succeeded:
            words = f"{method} {path}: {reply.status} {reply.description}"
            raise CallFailed(words, reply.status)
        return reply.data

    def post(self, path: str, body: Body) -> dict[str, Any]:
        """As `ask`, with POST."""
        return self.ask("POST", path, body)

    def use_key(self, key: str) -> None:
        """Call with this key from now on."""
        self.key = key
        self._http.headers["X-API-Key"] = key

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def encoded(body: Body) -> bytes:
    """A body as every sender here encodes it: an Idempotency-Key holds for the same bytes only."""
    return json.dumps(body).encode()


def read_reply(status: int, headers: Mapping[str, str], text: str) -> Reply:
    """The reply of that answer.

    Raises:
        ValueError: its body is not the envelope
    """
    return Reply(status, headers, _envelope(text))


def _envelope(text: str) -> dict[str, Any]:
    envelope = json.loads(text)
    if not isinstance(envelope, dict) or envelope.keys() != {"data", "detail"}:
        raise ValueError("the answer is not in the envelope")
    return envelope


def give_broker_access(post: Post, consumer_id: str, tries: int = 10) -> dict[str, str]:
    """Make the consumer's user of the broker; gives the variables that its program reads.

    A nudge may reach the functions of another server that runs on the same broker and knows nothing of
    this consumer. Then the next one is for ours.
    """
    wish: dict[str, Any] = {"consumer_id": consumer_id}
    for _ in range(tries):
        made = post("/consumer/broker-access", wish)
        if made["state"] == "active":
            break
        wish["rotate"] = True
    return {
        "BROKER_URL": made["url"],
        "BROKER_USERNAME": made["username"],
        "BROKER_PASSWORD": made["password"],
    }


def have_called(post: Post, consumer_id: str, url: str) -> str:
    """Have the consumer called at this address; gives the secret that signs, which is shown once."""
    wish = {"consumer_id": consumer_id, "delivery": "webhook", "url": url}
    secret: str = post("/consumer/delivery", wish)["secret"]
    return secret


def onboard(post: Post, name: str) -> Tenant:
    """Create a consumer, which declares its queues, and issue its first key.

    Args:
        post: calls the API as the admin, by HTTP (`Client.post`) or in this process
    """
    consumer_id = post("/consumer/data", {"consumer_name": name})["consumer_id"]
    key = post("/consumer/api-key", {"consumer_id": consumer_id})["api_key"]
    return Tenant(name, consumer_id, key)
