"""A request, and what became of it: values that can be classified without reading a text.

Nothing in them shows a path, a query, a header or a body when it is printed or logged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from fintegrate.outgoing.retry_after import seconds_to_wait

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
OUR_HEADERS = frozenset(
    {
        *("host", "content-length", "transfer-encoding", "accept-encoding", "connection"),
        *("cookie", "expect", "te", "trailer", "upgrade", "keep-alive", "proxy-authorization"),
    }
)
"""Headers that only the client sets, or nobody."""
KEPT_HEADERS = frozenset({"content-type", "retry-after"})
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?|", re.ASCII)
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Kind(Enum):
    """What kept a request from an answer."""

    NOT_ALLOWED = "not_allowed"
    """The URL, an address of its host or a header breaks a rule of ours. Another try is no use."""
    BAD_CERTIFICATE = "bad_certificate"
    """The server's certificate is not valid for this host."""
    DNS = "dns"
    """The host has no address, or its name servers did not answer in time."""
    REFUSED = "refused"
    """Nobody listens at the host's addresses, or no way leads there."""
    RESET = "reset"
    """The connection was closed before the answer was complete."""
    TIMEOUT = "timeout"
    """The answer was not complete at the deadline."""
    PROTOCOL = "protocol"
    """What came is no HTTP/1.1, or no TLS."""
    TOO_LARGE = "too_large"
    """The head of the answer is over the bound."""


class Sent(Enum):
    """How much of a request may have reached the receiver."""

    NOTHING = "nothing"
    PART = "part"
    """Some bytes, certainly not all: the receiver knows that the request is incomplete."""
    WHOLE = "whole"
    """All bytes: the receiver may have acted on it."""


class Names(NamedTuple):
    """What there is to say of the names of a request's headers, whatever their values are."""

    ours: tuple[str, ...]
    """Those that only the client sets, or nobody."""
    bad: str | None
    """The first one that HTTP does not allow."""
    has_agent: bool
    """Whether the sender says who he is."""


# A sender's requests have the same names again and again. They are never secret.
@lru_cache(maxsize=256)
def judged(names: tuple[str, ...]) -> Names:
    lower = {name.lower() for name in names}
    return Names(
        ours=tuple(sorted(OUR_HEADERS & lower)),
        bad=next((ascii(name) for name in names if not _NAME.fullmatch(name)), None),
        has_agent="user-agent" in lower,
    )


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent. The client adds host, length, and what it says of itself."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=lambda: _NOTHING, repr=False)
    body: bytes = field(default=b"", repr=False)
    keep: frozenset[str] = frozenset()
    """Names of the answer's headers, in lower case, that the sender wants beside the usual ones."""

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"{self.method!r} is none of {', '.join(sorted(METHODS))}")
        if ours := self.names.ours:
            raise ValueError(f"the client itself sets, or never sends: {', '.join(ours)}")

    @property
    def names(self) -> Names:
        return judged(tuple(self.headers))

    def bad_header(self) -> str | None:
        """The name of a header that cannot be sent. Its value is somebody's credential, perhaps."""
        if bad := self.names.bad:
            return bad
        for name, value in self.headers.items():
            if not _VALUE.fullmatch(value):
                return ascii(name)
        return None


@dataclass(frozen=True, slots=True)
class Answer:
    """The receiver answered. `body` has what was read of the body, unpacked."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case: content-type, retry-after, and those that the request wanted."""
    body: bytes = field(repr=False)
    is_whole: bool
    """False if the body is over the bound and was cut, or is packed in a way that is not read."""
    milliseconds: int

    def retry_after(self, now: datetime | None = None) -> float | None:
        """Seconds to wait, from 0 to a day, as the receiver said; None if it said nothing clear."""
        return seconds_to_wait(self.headers.get("retry-after"), now or datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Failure:
    """There is no complete answer."""

    kind: Kind
    sent: Sent
    why: str
    """A sentence in our own words. It names the host and nothing else of the request."""
    milliseconds: int
    status: int | None = None
    """If the answer broke off after its head."""


Result = Answer | Failure


class Stopped(Exception):
    """Within this package: an attempt ended without a complete answer."""

    def __init__(
        self, kind: Kind, why: str, sent: Sent = Sent.NOTHING, status: int | None = None
    ) -> None:
        super().__init__(why)
        self.kind = kind
        self.why = why
        self.sent = sent
        self.status = status
