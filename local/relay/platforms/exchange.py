"""Requests, replies, and how a reply is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

JSON = "application/json"
NO_HEADERS: Mapping[str, str] = {}


class Request(NamedTuple):
    """A request. Names of headers are in lower case; the path has no query."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Reply(NamedTuple):
    """An answer, before anybody decides how it is sent."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = NO_HEADERS


class Sending(NamedTuple):
    """How an answer goes out.

    Attributes:
        reply: None: the connection is closed without a word
        after: seconds until it begins; infinite: never
        between: seconds between one byte of the body and the next; 0: all at once
    """

    reply: Reply | None
    after: float = 0.0
    between: float = 0.0


class Refusal(Exception):
    """The request as a whole is refused with this reply.

    Attributes:
        account: who sent it, if it is known
    """

    def __init__(self, reply: Reply, words: str, account: str | None = None) -> None:
        super().__init__(words)
        self.reply = reply
        self.account = account


def json_reply(status: int, value: Any, headers: Mapping[str, str] = NO_HEADERS) -> Reply:
    """A reply in JSON."""
    return Reply(status, orjson.dumps(value), {"Content-Type": JSON, **headers})
