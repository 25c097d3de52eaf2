"""The deadline holds while there is always something to read.

No server is sure to keep a client's buffer full, so the socket is a fake.
"""

from __future__ import annotations

import socket
from contextlib import closing
from typing import cast

import pytest

from fintegrate.outgoing.connection import Bounds, Connection
from fintegrate.outgoing.deadline import Deadline
from fintegrate.outgoing.exchange import Kind, Request, Sent, Stopped
from fintegrate.outgoing.urls import target_of
from fintegrate.outgoing.writing import Outgoing

TARGET = target_of("https://a.example/")
CHUNK = b"1\r\nz\r\n"


class Torrent:
    """A socket that takes everything and always has more."""

    def __init__(self, first: bytes, more: bytes) -> None:
        self._first = first
        self._more = more
        self.reads = 0
        self._other, self._full = socket.socketpair()
        self._other.send(b"x")

    def fileno(self) -> int:
        return self._full.fileno()

    def close(self) -> None:
        self._full.close()
        self._other.close()

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

    outgoing = Outgoing(Request("POST", "https://a.example/"), TARGET)

    with closing(connection), pytest.raises(Stopped) as caught:
        connection.send(outgoing, Deadline.after(0.1))

    stopped = caught.value
    assert (stopped.kind, stopped.sent, stopped.status) == (Kind.TIMEOUT, Sent.WHOLE, status)
