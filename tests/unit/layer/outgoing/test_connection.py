"""The deadline holds while there is always something to read, and h11 takes what we let pass.

No server is sure to keep a client's buffer full, so the socket is a fake.
"""

from __future__ import annotations

import socket
from typing import cast

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintegrate.outgoing.connection import Bounds, Connection, _on_the_wire
from fintegrate.outgoing.deadline import Deadline
from fintegrate.outgoing.exchange import Kind, Request, Sent, Stopped
from fintegrate.outgoing.urls import UrlNotAllowed, target_of

TARGET = target_of("https://a.example/")
CHUNK = b"1\r\nz\r\n"


class Torrent:
    """A socket that takes everything and always has more."""

    def __init__(self, first: bytes, more: bytes) -> None:
        self._first = first
        self._more = more
        self.reads = 0

    def send(self, data: bytes) -> int:
        return len(data)

    def recv(self, most: int) -> bytes:
        self.reads += 1
        assert self.reads < 1_000_000, "it would read for ever"
        came, self._first = (self._first or self._more), b""
        return came[:most]


@pytest.mark.parametrize(
    ("first", "more", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", CHUNK, 200),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", None),
    ],
    ids=["body", "head"],
)
def test_full_buffer_delays_no_end(first: bytes, more: bytes, status: int | None) -> None:
    torrent = Torrent(first, more)
    bounds = Bounds(head=2**40, body=2**40)
    connection = Connection(cast(socket.socket, torrent), TARGET, bounds)

    with pytest.raises(Stopped) as caught:
        connection.send(Request("POST", "https://a.example/"), TARGET, Deadline.after(0.1))

    stopped = caught.value
    assert (stopped.kind, stopped.sent, stopped.status) == (Kind.TIMEOUT, Sent.WHOLE, status)


@given(
    st.dictionaries(st.text(min_size=1, max_size=9), st.text(max_size=9), max_size=4)
    | st.dictionaries(
        st.from_regex(r"[!-~]{1,9}", fullmatch=True), st.from_regex(r"[ -~\t]{0,9}", fullmatch=True)
    ),
    st.from_regex(r"/[!-~]{0,20}", fullmatch=True),
)
def test_what_passes_can_be_sent(headers: dict[str, str], path: str) -> None:
    """h11's own refusal would show a header's value."""
    try:
        request = Request("POST", f"https://a.example{path}", headers)
        target = target_of(request.url)
    except (ValueError, UrlNotAllowed):
        return
    if request.bad_header() is None:
        wire = _on_the_wire(h11.Connection(h11.CLIENT), request, target)

        assert wire.count(b"\r\n") == 5 + len(headers) + (
            "user-agent" not in map(str.lower, headers)
        )
