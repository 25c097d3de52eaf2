"""A connection serves one request after the other, and is replaced when nothing was lost."""

from __future__ import annotations

import threading

import pytest

from fintegrate.outgoing.client import Patience
from fintegrate.outgoing.exchange import Answer, Failure, Kind, Request, Sent
from tests.integration.layer.outgoing.conftest import HOST, MakePlace
from tests.integration.layer.outgoing.strangers import Visit, answer, answering
from tests.support.threads import at_once

TLS = pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])


@TLS
def test_connection_is_used_again(place: MakePlace, tls: bool) -> None:
    there = place(answering(answer(body=b"x")), tls=tls)

    assert all(isinstance(there.send(b"b"), Answer) for _ in range(5))

    assert there.server.connections == 1


def test_pools_have_own_connections(place: MakePlace) -> None:
    there = place(answering(answer()))
    other = there.client.pool(4)

    there.send()
    other.send(Request("POST", there.url))

    assert there.server.connections == 2


def test_pool_without_keeping_reconnects(place: MakePlace) -> None:
    there = place(answering(answer()), kept=0)

    for _ in range(3):
        there.send()

    assert there.server.connections == 3


@TLS
def test_closed_connection_is_replaced(place: MakePlace, tls: bool) -> None:
    closed = threading.Semaphore(0)

    def script(visit: Visit) -> None:
        visit.read_request()
        visit.say(answer())
        visit.socket.close()
        closed.release()

    there = place(script, tls=tls)

    for number in range(3):
        assert isinstance(there.send(), Answer)
        assert closed.acquire(timeout=30)
        assert there.server.connections == number + 1


def test_close_unseen_until_send_is_replaced(
    place: MakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other side closed between the look and the first byte."""
    from fintegrate.outgoing.connection import Connection

    there = place(answering(answer()))
    there.send()
    kept = there.client.kept.take(there.pool, ("http", HOST, there.server.port))
    assert kept is not None
    kept._socket.shutdown(2)  # as after a reset: nothing can be sent
    there.client.kept.keep(there.pool, kept, 4)
    monkeypatch.setattr(Connection, "is_silent", lambda _self: True)

    result = there.send(b"again")

    assert isinstance(result, Answer)
    assert [request[-5:] for request in there.server.requests[1:]] == [b"again"]


def test_replacement_is_not_replaced(place: MakePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    from fintegrate.outgoing.connection import Connection

    there = place(answering(answer()))
    there.send()
    tries: list[bool] = []

    def cannot_send(self: Connection, *_: object) -> object:
        from fintegrate.outgoing.exchange import Stopped

        tries.append(True)
        raise Stopped(Kind.RESET, "closed")

    monkeypatch.setattr(Connection, "send", cannot_send)

    result = there.send()

    assert isinstance(result, Failure)
    assert (result.kind, result.sent) == (Kind.RESET, Sent.NOTHING)
    assert len(tries) == 2


@TLS
def test_read_request_is_never_repeated(place: MakePlace, tls: bool) -> None:
    """The other side took the request on a kept connection and closed: it may have acted on it."""

    def script(visit: Visit) -> None:
        visit.read_request()
        visit.say(answer())
        visit.read_request()

    there = place(script, tls=tls)
    assert isinstance(there.send(), Answer)

    result = there.send(b"second")

    assert isinstance(result, Failure)
    assert (result.kind, result.sent) == (Kind.RESET, Sent.WHOLE)
    assert len(there.server.requests) == 2
    assert there.server.connections == 1


@pytest.mark.parametrize(
    "words",
    [
        answer("200 OK", b"", "Connection: close"),
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        answer() + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother",
        answer() + b"x",
    ],
    ids=["asked_to", "old_http", "second_answer", "more_bytes"],
)
def test_unfit_connection_is_dropped(place: MakePlace, words: bytes) -> None:
    there = place(answering(words))

    for _ in range(2):
        result = there.send()
        assert isinstance(result, Answer)
        assert result.body == b""

    assert there.server.connections == 2


@TLS
def test_late_words_are_no_answer(place: MakePlace, tls: bool) -> None:
    """What an idle connection says would be taken for the answer to the next request."""
    said = threading.Event()

    def script(visit: Visit) -> None:
        visit.read_request()
        visit.say(answer(body=b"first"))
        if visit.number == 1:
            visit.say(answer(body=b"smuggled"))
            said.set()
        visit.read_request()

    there = place(script, tls=tls)
    there.send()
    assert said.wait(30)

    result = there.send()

    assert isinstance(result, Answer)
    assert result.body == b"first"
    assert there.server.connections == 2


def test_failed_connection_is_dropped(place: MakePlace) -> None:
    def script(visit: Visit) -> None:
        visit.read_request()
        visit.say(b"garbage\r\n\r\n")
        visit.hang()

    there = place(script)

    for number in range(2):
        assert isinstance(there.send(), Failure)
        assert there.server.connections == number + 1


def test_failure_drops_the_others(place: MakePlace) -> None:
    """A receiver that has died without a word must not cost a request for each connection."""
    both = threading.Barrier(2)
    is_dead = threading.Event()

    def script(visit: Visit) -> None:
        visit.read_request()
        if visit.number < 3:
            both.wait(30)
        visit.say(answer())
        visit.read_request()
        if is_dead.is_set() and visit.number < 3:
            visit.hang()
        visit.say(answer())

    there = place(script)
    at_once([there.send] * 2)
    is_dead.set()
    there.pool._patience = Patience(whole=0.3)
    first = there.send()
    second = there.send()

    assert isinstance(first, Failure)
    assert isinstance(second, Answer)


def test_closed_pool_keeps_nothing(place: MakePlace) -> None:
    there = place(answering(answer()))
    there.send()

    there.pool.close()

    there.send()
    assert there.server.connections == 2


def test_other_host_drops_connection(place: MakePlace) -> None:
    here, there = place(answering(answer())), place(answering(answer()))
    here.client._allowed |= {(HOST, there.server.port)}
    here.send()

    here.pool.send(Request("POST", there.url))
    here.send()

    assert here.server.connections == 2
