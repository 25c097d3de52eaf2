"""No answer costs more memory or reading than its bounds."""

from __future__ import annotations

import gzip
import zlib

import pytest

from fintegrate.outgoing.connection import Bounds
from fintegrate.outgoing.exchange import Answer, Failure, Kind, Sent
from tests.integration.layer.outgoing.conftest import MakePlace
from tests.integration.layer.outgoing.strangers import Script, Visit, answer, answering

BODY, HEAD = Bounds().body, Bounds().head
KERNEL = 20_000_000
"""More than the kernel holds of what nobody reads, and much less than a server says in ten seconds."""
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def endless(*first: bytes, then: bytes) -> Script:
    """A script that answers a request without an end."""

    def script(visit: Visit) -> None:
        visit.read_request()
        for words in first:
            visit.say(words)
        visit.repeat(then)

    return script


@pytest.mark.parametrize(
    "script",
    [
        endless(b"HTTP/1.1 200 OK\r\n", then=b"X-More: " + b"y" * 100 + b"\r\n"),
        endless(b"HTTP/1.1 200 OK\r\nX-Long: ", then=b"y" * 4096),
        endless(then=b"HTTP/1.1 100 Continue\r\n\r\n"),
        endless(then=b"HTTP/1.1 103 Hints\r\nLink: <" + b"x" * 2000 + b">\r\n\r\n"),
        endless(then=b"H" * 4096),
    ],
    ids=["headers", "header", "interim", "long_interim", "status_line"],
)
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_endless_head_is_too_large(place: MakePlace, script: Script, tls: bool) -> None:
    there = place(script, tls=tls)

    result = there.send()

    assert isinstance(result, Failure)
    assert result.kind in {Kind.TOO_LARGE, Kind.PROTOCOL}
    assert result.sent is Sent.WHOLE
    there.server.close()
    assert there.server.said < KERNEL


def test_head_over_bound_is_too_large(place: MakePlace) -> None:
    there = place(answering(answer("200 OK", b"", *[f"X-{n}: {'y' * 1000}" for n in range(33)])))

    result = there.send()

    assert isinstance(result, Failure)
    assert result.kind is Kind.TOO_LARGE


@pytest.mark.parametrize(("length", "kind"), [(900, None), (1001, Kind.TOO_LARGE)])
def test_head_is_bounded_exactly(place: MakePlace, length: int, kind: Kind | None) -> None:
    empty = len(answer("200 OK", b"", "X-A: "))
    there = place(
        answering(answer("200 OK", b"", "X-A: " + "y" * (length - empty))), bounds=Bounds(head=1000)
    )

    result = there.send()

    assert (result.kind if isinstance(result, Failure) else None) is kind


def test_head_within_bound_is_read(place: MakePlace) -> None:
    there = place(answering(answer("200 OK", b"x", *[f"X-{n}: {'y' * 1000}" for n in range(31)])))

    assert isinstance(there.send(), Answer)


@pytest.mark.parametrize(
    "script",
    [
        endless(b"HTTP/1.1 200 OK\r\n\r\n", then=b"z" * 4096),
        endless(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n", then=b"z" * 4096),
        endless(CHUNKED, then=b"1000\r\n" + b"z" * 4096 + b"\r\n"),
        endless(CHUNKED, then=b"1\r\nz\r\n"),
        endless(CHUNKED, then=b"1;" + b"e" * 15000 + b"\r\nz\r\n"),
    ],
    ids=["no_length", "long", "chunks", "tiny_chunks", "extensions"],
)
def test_endless_body_is_cut(place: MakePlace, script: Script) -> None:
    there = place(script)

    result = there.send()

    assert isinstance(result, Answer)
    assert (result.status, result.is_whole) == (200, False)
    assert len(result.body) <= BODY
    assert set(result.body) == {ord("z")}
    there.server.close()
    assert there.server.said < KERNEL


def test_endless_trailers_end(place: MakePlace) -> None:
    there = place(endless(CHUNKED, b"1\r\na\r\n0\r\n", then=b"X-More: " + b"y" * 100 + b"\r\n"))

    result = there.send()

    assert not (isinstance(result, Answer) and result.is_whole)


def test_body_at_bound_is_whole(place: MakePlace) -> None:
    there = place(answering(answer(body=b"x" * BODY)))

    result = there.send()

    assert isinstance(result, Answer)
    assert (len(result.body), result.is_whole) == (BODY, True)


def test_cut_connection_is_not_kept(place: MakePlace) -> None:
    there = place(answering(answer(body=b"x" * (BODY + 1))))

    for _ in range(2):
        result = there.send()
        assert isinstance(result, Answer)
        assert (len(result.body), result.is_whole) == (BODY, False)

    assert there.server.connections == 2


@pytest.mark.parametrize(
    ("packing", "packed"),
    [
        ("gzip", gzip.compress(b"plain words")),
        ("X-GZIP", gzip.compress(b"plain words")),
        ("deflate", zlib.compress(b"plain words")),
    ],
    ids=["gzip", "x_gzip", "deflate"],
)
def test_packed_body_is_unpacked(place: MakePlace, packing: str, packed: bytes) -> None:
    there = place(answering(answer("200 OK", packed, f"Content-Encoding: {packing}")))

    result = there.send()

    assert isinstance(result, Answer)
    assert (result.body, result.is_whole) == (b"plain words", True)


def test_bomb_is_unpacked_to_bound(place: MakePlace) -> None:
    bomb = gzip.compress(bytes(40_000_000))
    assert len(bomb) < BODY
    there = place(answering(answer("200 OK", bomb, "Content-Encoding: gzip")))

    result = there.send()

    assert isinstance(result, Answer)
    assert (len(result.body), result.is_whole) == (BODY, False)


@pytest.mark.parametrize("packing", ["br", "zstd", "gzip, gzip", "gzip, br", "unheard-of"])
def test_other_packing_stays_packed(place: MakePlace, packing: str) -> None:
    there = place(answering(answer("200 OK", b"\x00\x01", f"Content-Encoding: {packing}")))

    result = there.send()

    assert isinstance(result, Answer)
    assert (result.status, result.body, result.is_whole) == (200, b"", False)
