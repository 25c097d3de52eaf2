"""A sender learns whether the receiver can have acted on a request."""

from __future__ import annotations

import socket
import ssl
import struct

import pytest

from fintegrate.outgoing.exchange import Answer, Failure, Kind, Sent
from tests.integration.layer.outgoing.conftest import MakePlace
from tests.integration.layer.outgoing.strangers import Visit, answer
from tests.support.waiting import eventually

TLS = pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
LARGE = bytes(30_000_000)
"""More than the kernel takes at once."""


def reset(visit: Visit) -> None:
    """Close so that the other side sees a reset."""
    visit.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    visit.socket.close()


@TLS
def test_close_after_reading_is_unknown(place: MakePlace, tls: bool) -> None:
    there = place(lambda visit: visit.read_request() and None, tls=tls)

    result = there.send(b"body")

    assert isinstance(result, Failure)
    assert (result.kind, result.sent, result.status) == (Kind.RESET, Sent.WHOLE, None)


@TLS
def test_reset_after_reading_is_unknown(place: MakePlace, tls: bool) -> None:
    def script(visit: Visit) -> None:
        visit.read_request()
        reset(visit)

    there = place(script, tls=tls)

    result = there.send(b"body")

    assert isinstance(result, Failure)
    assert (result.kind, result.sent) == (Kind.RESET, Sent.WHOLE)


@TLS
def test_close_while_sending_is_part(place: MakePlace, tls: bool) -> None:
    def script(visit: Visit) -> None:
        visit.read_head()
        reset(visit)

    there = place(script, tls=tls)

    result = there.send(LARGE)

    assert isinstance(result, Failure)
    assert (result.kind, result.sent) == (Kind.RESET, Sent.PART)


def test_tls_sends_single_records(place: MakePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several, OpenSSL does not say how many went out before an error."""
    lengths: list[int] = []
    send = ssl.SSLSocket.send

    def noted(self: ssl.SSLSocket, data: bytes, flags: int = 0) -> int:
        if not self.server_side:
            lengths.append(len(data))
        return send(self, data, flags)

    monkeypatch.setattr(ssl.SSLSocket, "send", noted)
    there = place(lambda visit: visit.read_request() and visit.say(answer()), tls=True)

    assert isinstance(there.send(bytes(1_000_000)), Answer)

    assert max(lengths) <= 2**14  # RFC 8446, section 5.1


@TLS
def test_half_close_while_sending_is_part(place: MakePlace, tls: bool) -> None:
    """The other side says that it will never answer, and reads nothing."""

    def script(visit: Visit) -> None:
        visit.read_head()
        socket.socket.shutdown(visit.socket, socket.SHUT_WR)
        visit.hang()

    there = place(script, tls=tls)

    result = there.send(LARGE)

    assert isinstance(result, Failure)
    assert (result.kind, result.sent) == (Kind.RESET, Sent.PART)


@TLS
@pytest.mark.parametrize("status", ["413 Too Large", "400 Bad Request", "307 Elsewhere"])
def test_early_refusal_is_answer(place: MakePlace, tls: bool, status: str) -> None:
    def script(visit: Visit) -> None:
        visit.read_head()
        visit.say(answer(status, b"no", "Connection: close"))
        visit.hang()

    there = place(script, tls=tls)

    result = there.send(LARGE)

    assert isinstance(result, Answer)
    assert (result.status, result.body) == (int(status[:3]), b"no")


@pytest.mark.parametrize("words", [b"no", b""])
def test_cut_refusal_is_answer(place: MakePlace, words: bytes) -> None:
    """The rest of it is often lost, where the other side closes with bytes unread."""

    def script(visit: Visit) -> None:
        visit.read_head()
        visit.say(b"HTTP/1.1 413 Too Large\r\nContent-Length: 90\r\n\r\n" + words)
        visit.socket.shutdown(socket.SHUT_WR)
        visit.hang()

    there = place(script)

    result = there.send(LARGE)

    assert isinstance(result, Answer)
    assert (result.status, result.is_whole) == (413, False)


def test_refusal_before_close_is_answer(place: MakePlace) -> None:
    """The other side refuses, stops reading and closes, as many servers do."""

    def script(visit: Visit) -> None:
        visit.read_head()
        visit.say(answer("413 Too Large", b"no", "Connection: close"))
        visit.socket.shutdown(socket.SHUT_WR)
        visit.hang()

    there = place(script)

    result = there.send(LARGE)

    assert isinstance(result, Answer)
    assert result.status == 413


def test_refused_connection_is_not_kept(place: MakePlace) -> None:
    """The rest of the body would be taken for the next request."""

    def script(visit: Visit) -> None:
        visit.read_head()
        visit.say(answer("413 Too Large"))
        visit.hang()

    there = place(script)

    for _ in range(2):
        result = there.send(LARGE)
        assert isinstance(result, Answer)

    assert there.server.connections == 2


@TLS
def test_early_thanks_gets_the_rest(place: MakePlace, tls: bool) -> None:
    """A receiver that says thanks after the head of a request is still reading it."""

    def script(visit: Visit) -> None:
        head = visit.read_head()
        assert head is not None
        visit.say(answer("202 Accepted", b"ok"))
        left = len(LARGE) - len(visit._buffer)
        while left > 0 and (came := visit.socket.recv(1_000_000)):
            left -= len(came)
        visit.stranger.requests.append(b"all" if left == 0 else b"part")

    there = place(script, tls=tls)

    result = there.send(LARGE)

    assert isinstance(result, Answer)
    assert (result.status, result.body) == (202, b"ok")
    eventually(lambda: there.server.requests, "the end of the request at the receiver")
    assert there.server.requests == [b"all"]


@pytest.mark.parametrize(
    "words",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n",
    ],
)
def test_broken_answer_tells_its_status(place: MakePlace, words: bytes) -> None:
    def script(visit: Visit) -> None:
        visit.read_request()
        visit.say(words)

    there = place(script)

    result = there.send()

    assert isinstance(result, Failure)
    assert (result.kind, result.sent, result.status) == (Kind.RESET, Sent.WHOLE, 200)


def test_broken_head_tells_no_status(place: MakePlace) -> None:
    def script(visit: Visit) -> None:
        visit.read_request()
        visit.say(b"HTTP/1.1 200 OK\r\nContent-")

    there = place(script)

    result = there.send()

    assert isinstance(result, Failure)
    assert (result.kind, result.sent, result.status) == (Kind.RESET, Sent.WHOLE, None)
