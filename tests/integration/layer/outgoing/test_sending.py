"""What is sent is what the request says, and what comes back is a value."""

from __future__ import annotations

import socket

import pytest

from fintegrate.outgoing.exchange import Answer, Failure, Kind, Request, Sent
from tests.integration.layer.outgoing.conftest import HOST, MakePlace
from tests.integration.layer.outgoing.strangers import Visit, answer, answering
from tests.support.threads import at_once


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_request_arrives_as_said(place: MakePlace, tls: bool) -> None:
    there = place(answering(answer(body=b"thanks")), tls=tls)
    url = f"{there.url}/in?token=t%20t"

    result = there.pool.send(Request("POST", url, {"X-Key": "k", "Content-Type": "a/b"}, b"body"))

    assert isinstance(result, Answer)
    assert (result.status, result.body, result.is_whole) == (200, b"thanks", True)
    head, _, body = there.server.requests[0].partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    assert first == "POST /in?token=t%20t HTTP/1.1"
    assert sorted(line.lower() for line in lines) == [
        "accept-encoding: identity",
        "content-length: 4",
        "content-type: a/b",
        f"host: {HOST}:{there.server.port}",
        "user-agent: fintegrate",
        "x-key: k",
    ]
    assert body == b"body"


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "PUT", "PATCH"])
def test_every_method_is_answered(place: MakePlace, method: str) -> None:
    there = place(answering(b"HTTP/1.1 204 No Content\r\n\r\n"))

    result = there.send(method=method)

    assert isinstance(result, Answer)
    assert there.server.requests[0].startswith(method.encode() + b" ")


def test_large_body_arrives_whole(place: MakePlace) -> None:
    there = place(answering(answer()), tls=True)
    body = bytes(range(256)) * 20_000

    result = there.send(body)

    assert isinstance(result, Answer)
    assert there.server.requests[0].endswith(b"\r\n\r\n" + body)


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Again", "308 For Good"]
)
def test_redirect_is_not_followed(place: MakePlace, status: str) -> None:
    there = place(answering(answer(status, b"", "Location: /elsewhere")))

    result = there.send()

    assert isinstance(result, Answer)
    assert result.status == int(status[:3])
    assert len(there.server.requests) == 1


def test_cookie_is_not_kept(place: MakePlace) -> None:
    there = place(answering(answer("200 OK", b"", "Set-Cookie: session=1; Path=/")))

    for _ in range(2):
        result = there.send()
        assert isinstance(result, Answer)
        assert "set-cookie" not in result.headers

    assert b"cookie" not in there.server.requests[1].lower()


def test_proxy_of_environment_is_ignored(place: MakePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = place(answering(answer("502 Bad Gateway")))
    for name in (
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.server.port}")
    there = place(answering(answer()))

    result = there.send()

    assert isinstance(result, Answer)
    assert result.status == 200
    assert proxy.server.connections == 0


def test_only_wanted_headers_come(place: MakePlace) -> None:
    there = place(
        answering(
            answer("429 Slow", b"", "Retry-After: 9", "X-Usage: a", "x-usage: b", "X-Other: c")
        )
    )

    result = there.pool.send(Request("POST", there.url, keep=frozenset({"x-usage"})))

    assert isinstance(result, Answer)
    assert dict(result.headers) == {"retry-after": "9", "x-usage": "a, b"}
    assert result.retry_after() == 9


def test_interim_answers_are_passed_over(place: MakePlace) -> None:
    there = place(
        answering(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 3 + answer(body=b"x"))
    )

    result = there.send()

    assert isinstance(result, Answer)
    assert (result.status, result.body) == (200, b"x")


def test_chunks_and_trailers_are_read(place: MakePlace) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    there = place(answering(chunked + b"3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n"))

    for _ in range(2):
        result = there.send()
        assert isinstance(result, Answer)
        assert (result.body, result.is_whole) == (b"abcde", True)

    assert there.server.connections == 1


def test_body_without_length_ends_with_connection(place: MakePlace) -> None:
    def script(visit: Visit) -> None:
        visit.read_request()
        visit.say(b"HTTP/1.1 200 OK\r\n\r\nall of it")

    there = place(script)

    for _ in range(2):
        result = there.send()
        assert isinstance(result, Answer)
        assert (result.body, result.is_whole) == (b"all of it", True)

    assert there.server.connections == 2


@pytest.mark.parametrize(
    "words",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"<html>what</html>\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n",
        bytes(range(256)),
    ],
)
def test_garbage_is_told_as_such(place: MakePlace, words: bytes) -> None:
    there = place(answering(words))

    result = there.send()

    assert isinstance(result, Failure)
    assert (result.kind, result.sent) == (Kind.PROTOCOL, Sent.WHOLE)


def test_closed_port_refuses(place: MakePlace) -> None:
    there = place(answering(answer()))
    there.server.close()

    result = there.send()

    assert isinstance(result, Failure)
    assert (result.kind, result.sent) == (Kind.REFUSED, Sent.NOTHING)


def test_second_address_is_tried(place: MakePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    from ipaddress import ip_address

    from fintegrate.outgoing import dialing
    from fintegrate.outgoing.resolving import Resolver

    there = place(answering(answer()))
    both = [ip_address("::1"), ip_address("127.0.0.1")]  # nobody listens at the first
    dialer = there.client.dialer
    assert isinstance(dialer, dialing.Dialer)
    monkeypatch.setattr(dialer, "_resolver", Resolver(lambda _host: both))

    assert isinstance(there.send(), Answer)


def test_bad_header_sends_nothing(place: MakePlace) -> None:
    there = place(answering(answer()))

    result = there.pool.send(Request("POST", there.url, {"X-Key": "secret\r\nX-Other: 1"}))

    assert isinstance(result, Failure)
    assert (result.kind, result.sent) == (Kind.NOT_ALLOWED, Sent.NOTHING)
    assert "X-Key" in result.why
    assert "secret" not in result.why
    assert there.server.connections == 0


def test_threads_send_side_by_side(place: MakePlace) -> None:
    def script(visit: Visit) -> None:
        while (request := visit.read_request()) is not None:
            visit.say(answer(body=request[-6:]))

    there = place(script, kept=8)

    def send(number: int) -> list[bytes]:
        results = [there.send(b"%02d-%03d" % (number, at)) for at in range(25)]
        return [result.body for result in results if isinstance(result, Answer)]

    found = at_once([lambda number=number: send(number) for number in range(8)])  # type: ignore[misc]

    assert found == [[b"%02d-%03d" % (n, at) for at in range(25)] for n in range(8)]
    assert len(there.server.requests) == 200
    assert there.server.connections <= 8


def test_no_descriptor_is_left_open(place: MakePlace) -> None:
    from pathlib import Path

    def script(visit: Visit) -> None:
        visit.read_request()

    there = place(script)
    folder = Path("/dev/fd")
    there.send()
    before = len(list(folder.iterdir()))

    for _ in range(20):
        there.send()

    assert len(list(folder.iterdir())) <= before + 20  # the server's own half of them, at most
    assert socket.getdefaulttimeout() is None
