"""What all platforms share: a request is read, its credential checked, each event judged and counted.

A platform's own module says where account and credential stand, what an event must be, by what a copy is
known, and in which words it answers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import orjson

from local.relay.platforms.checks import HOUR
from local.relay.platforms.exchange import JSON, Refusal, Reply, Request
from local.relay.platforms.held import Copy

WINDOW = 48.0 * HOUR
"""Seconds in which Meta, TikTok and Snapchat know a copy."""
Problem = str | None


@dataclass(frozen=True, slots=True)
class Batch:
    """A request as its platform reads it.

    Attributes:
        account: whose events they are
        credential: what the sender showed for it
        events: not yet judged
        whole: what is wrong with the request as a whole, if it does not end it
        is_test: in the platform's test mode, which counts nothing
        request: for what else a platform looks at
    """

    account: str
    credential: str
    events: Sequence[Any]
    request: Request
    whole: Problem = None
    is_test: bool = False
    body: dict[str, Any] = field(default_factory=dict)


class Platform(ABC):
    """One kind of receiver. It keeps nothing: what was counted is in `held`.

    Attributes:
        name: the first segment of its paths
        calls_a_minute: more of one account are refused with 429
    """

    name: ClassVar[str]
    calls_a_minute: ClassVar[int] = 1_000_000

    @abstractmethod
    def account_of(self, request: Request) -> str | None:
        """The account that a request names, or None if that cannot be seen; the body may be missing."""

    @abstractmethod
    def read(self, request: Request) -> Batch:
        """Read a request.

        Raises:
            Refusal: it is none of this platform's
        """

    @abstractmethod
    def problem(self, event: Any, batch: Batch, now: float) -> Problem:
        """What is wrong with an event."""

    @abstractmethod
    def copy(self, event: Any, batch: Batch, now: float) -> Copy:
        """How a sound event is known."""

    @abstractmethod
    def reply(self, batch: Batch, problems: Sequence[Problem]) -> tuple[Reply, bool]:
        """The answer, and whether the sound events were taken although others were not."""

    @abstractmethod
    def unauthorised(self, batch: Batch) -> Reply:
        """The answer to a wrong credential."""

    @abstractmethod
    def throttled(self) -> Reply:
        """The answer to a call too many."""

    @abstractmethod
    def unwell(self, status: int, events: int) -> Reply:
        """An error of its own. With status 200, an error that only the body tells.

        Args:
            events: how many the request had
        """

    def verify(self, _batch: Batch, _secret: str | None) -> Problem:
        """What is wrong with a signature, on a platform that has one."""
        return None


def json_body(request: Request, wrong: Reply, most: int = 5 * 1024 * 1024) -> dict[str, Any]:
    """The JSON object of a POST.

    Raises:
        Refusal: it is no POST, no JSON, not UTF-8 or too large
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method != "POST":
        raise Refusal(wrong._replace(status=405), f"the method was {request.method[:10]}")
    if media_type != JSON:
        raise Refusal(wrong, "Content-Type must be application/json")
    if "content-encoding" in request.headers:
        raise Refusal(wrong, "the body must not be encoded")
    if len(request.body) > most:
        raise Refusal(wrong._replace(status=413), f"the body has more than {most} bytes")
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise Refusal(wrong, "the body is no JSON") from None
    if not isinstance(body, dict):
        raise Refusal(wrong, "the body is no object")
    return body


def bearer(request: Request) -> str:
    """The token of the header `Authorization`; empty if there is none."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token if kind == "Bearer" else ""
