"""Reads the plainest of answers: whole in one read, of a length that it says, with nothing unusual.

Nearly all answers are such, and h11 takes as long for one as everything else takes for its request.
Whatever is not plain is left to h11. What is plain h11 would read alike: each rule here is as strict as
its own, or stricter.
"""

from __future__ import annotations

import re
from collections.abc import Set
from typing import NamedTuple

from fintegrate.outgoing.packing import PACKING

_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-9][0-9]{2})(?: [\x20-\x7e]*)?\r\n"
    rb"((?:[A-Za-z0-9-]+:[\x20-\x7e]*\r\n)+)"
    rb"\r\n"
)
_LENGTH = re.compile(r"[0-9]{1,9}", re.ASCII)
_UNUSUAL = frozenset({"connection", "transfer-encoding", "upgrade", "trailer"})
_NO_BODY = frozenset({204, 304})
"""They have no body, whatever length they say."""


class PlainAnswer(NamedTuple):
    """What was read; the connection can have another request."""

    status: int
    headers: dict[str, str]
    """Those that were wanted, and the packing."""
    body: bytes


def plain_answer(came: bytes, wanted: Set[str]) -> PlainAnswer | None:
    """Read what came in answer to a request that was no HEAD; None if it is not plain.

    Args:
        wanted: names of headers, in lower case
    """
    head = _HEAD.match(came)
    if head is None:
        return None
    status, length, headers = int(head[1]), None, dict[str, str]()
    for line in head[2].decode("ascii").split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip(" ")
        if name == "content-length":
            if length is not None or not _LENGTH.fullmatch(value):
                return None
            length = int(value)
        elif name in _UNUSUAL and (name, value.lower()) != ("connection", "keep-alive"):
            return None
        if name in wanted or name == PACKING:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if status in _NO_BODY or length != len(came) - head.end():
        return None
    return PlainAnswer(status, headers, came[head.end() :])
