"""A request as it goes out: checked, and in the bytes of HTTP/1.1.

h11 would check and copy each header several times, so it does not write here. These are the bytes that
it would write, and what it would refuse is refused.
"""

from __future__ import annotations

import re

from fintegrate.outgoing.exchange import Kind, Request, Stopped
from fintegrate.outgoing.urls import Target

USER_AGENT = "fintegrate"
"""Unless the request names another; some receivers refuse a request without one."""
_VISIBLE = re.compile(r"[!-~]+", re.ASCII)
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class Outgoing:
    """A request, where it goes, and its bytes.

    Raises:
        Stopped: a header, or the path, has what HTTP does not allow.
    """

    __slots__ = ("keep", "method", "target", "wire")

    def __init__(self, request: Request, target: Target) -> None:
        self.method = request.method
        self.keep = request.keep
        self.target = target
        self.wire = _head(request, target) + request.body


def _head(request: Request, target: Target) -> bytes:
    if name := request.bad_header():
        raise Stopped(
            Kind.NOT_ALLOWED, f"the header {name} has a character that HTTP does not allow"
        )
    authority, path = target.authority, target.path
    if not (_VISIBLE.fullmatch(authority) and _VISIBLE.fullmatch(path)):
        raise Stopped(Kind.NOT_ALLOWED, "the URL has a character that HTTP does not allow")
    lines = [f"{request.method} {path} HTTP/1.1\r\nHost: {authority}\r\nAccept-Encoding: identity"]
    if not request.names.has_agent:
        lines.append(f"User-Agent: {USER_AGENT}")
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    if request.body or request.method in _WITH_BODY:
        lines.append(f"Content-Length: {len(request.body)}")
    return "\r\n".join([*lines, "\r\n"]).encode("ascii")
