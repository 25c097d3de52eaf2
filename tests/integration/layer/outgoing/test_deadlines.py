"""One deadline holds over everything, against whatever keeps a sender waiting."""

from __future__ import annotations

import socket
import threading
from ipaddress import ip_address

import pytest

from fintegrate.outgoing.addresses import Address
from fintegrate.outgoing.client import Client, Patience
from fintegrate.outgoing.exchange import Answer, Failure, Kind, Request, Sent
from fintegrate.outgoing.resolving import Resolver
from tests.integration.layer.outgoing.conftest import BY_NAME, HOST, MakePlace
from tests.integration.layer.outgoing.strangers import Visit, answer, answering

HASTY = Patience(whole=0.3, connect=0.2)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize(
    ("words", "status"),
    [
        (b"", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", None),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 40, None),
    ],
    ids=["silence", "head", "interim"],
)
def test_drip_ends_at_deadline(
    place: MakePlace, tls: bool, words: bytes, status: int | None
) -> None:
    def script(visit: Visit) -> None:
        visit.read_request()
        visit.drip(words)

    there = place(script, tls=tls, patience=HASTY)

    result = there.send(b"body")

    assert isinstance(result, Failure)
    assert (result.kind, result.sent, result.status) == (Kind.TIMEOUT, Sent.WHOLE, status)


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 503 Away\r\nContent-Length: 900\r\n\r\n", b"HTTP/1.1 503 A\r\n\r\n", CHUNKED],
)
def test_dripping_body_ends_at_deadline(place: MakePlace, head: bytes) -> None:
    def script(visit: Visit) -> None:
        visit.read_request()
        visit.say(head)
        visit.drip(b"1\r\na\r\n" * 100)

    there = place(script, patience=HASTY)

    result = there.send(b"body")

    assert isinstance(result, Failure)
    assert (result.kind, result.sent) == (Kind.TIMEOUT, Sent.WHOLE)
    assert result.status == int(head.split()[1])


def test_flood_ends_at_deadline(place: MakePlace) -> None:
    """A peer that always has more ends, too: here with bounds that it cannot reach in time."""
    from fintegrate.outgoing.connection import Bounds

    def script(visit: Visit) -> None:
        visit.read_request()
        visit.say(CHUNKED)
        visit.repeat(b"1;" + b"x" * 1000 + b"\r\na\r\n")

    there = place(script, patience=HASTY, bounds=Bounds(body=2**40))

    result = there.send()

    assert isinstance(result, Failure)
    assert result.kind is Kind.TIMEOUT


def test_unread_request_ends_at_deadline(place: MakePlace) -> None:
    there = place(lambda visit: visit.hang(), patience=HASTY)

    result = there.send(bytes(30_000_000))

    assert isinstance(result, Failure)
    assert (result.kind, result.sent) == (Kind.TIMEOUT, Sent.PART)


def test_silent_handshake_ends_at_deadline(place: MakePlace) -> None:
    there = place(lambda visit: visit.hang(), patience=Patience(whole=60, connect=0.2))

    result = there.pool.send(Request("POST", there.url.replace("http:", "https:")))

    assert isinstance(result, Failure)
    assert (result.kind, result.sent) == (Kind.TIMEOUT, Sent.NOTHING)


def test_dripping_handshake_ends_at_deadline(place: MakePlace) -> None:
    there = place(lambda visit: visit.drip(b"\x16\x03\x03\x40\x00" + bytes(1000)), patience=HASTY)

    result = there.pool.send(Request("POST", there.url.replace("http:", "https:")))

    assert isinstance(result, Failure)
    assert (result.kind, result.sent) == (Kind.TIMEOUT, Sent.NOTHING)


def test_unanswered_connect_ends_at_deadline() -> None:
    """A full backlog: the kernel answers no further connection."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for opened in waiting:
            opened.setblocking(False)
            opened.connect_ex(("127.0.0.1", port))
        client = Client(frozenset({(HOST, port)}), resolver=BY_NAME)

        result = client.pool(1, HASTY).send(Request("POST", f"http://{HOST}:{port}/"))

        for opened in waiting:
            opened.close()
    assert isinstance(result, Failure)
    assert (result.kind, result.sent) == (Kind.TIMEOUT, Sent.NOTHING)


def test_silent_address_leaves_time_for_next(
    place: MakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fintegrate.outgoing import dialing
    from fintegrate.outgoing.deadline import TimeIsUp

    there = place(answering(answer()))
    connected = dialing.connected

    def first_is_silent(address: object, port: int, deadline: object) -> socket.socket:
        if str(address) == "127.0.0.2":
            raise TimeIsUp  # as after its share of the time
        return connected(address, port, deadline)  # type: ignore[arg-type]

    monkeypatch.setattr(dialing, "connected", first_is_silent)
    both = [ip_address("127.0.0.2"), ip_address("127.0.0.1")]
    monkeypatch.setattr(there.client.dialer, "_resolver", Resolver(lambda _host: both))

    assert isinstance(there.send(), Answer)


def test_hanging_name_server_ends_at_deadline() -> None:
    go = threading.Event()

    def lookup(_host: str) -> list[Address]:
        go.wait(60)
        return []

    client = Client(resolver=Resolver(lookup))

    result = client.pool(1, HASTY).send(Request("POST", f"https://{HOST}/?t=secret"))

    go.set()
    assert isinstance(result, Failure)
    assert (result.kind, result.sent) == (Kind.DNS, Sent.NOTHING)


def test_kept_connection_has_deadline_too(place: MakePlace) -> None:
    def script(visit: Visit) -> None:
        visit.read_request()
        visit.say(answer())
        visit.read_request()
        visit.hang()

    there = place(script, patience=Patience(whole=0.5, connect=0.5))
    assert isinstance(there.send(), Answer)

    result = there.send()

    assert isinstance(result, Failure)
    assert (result.kind, result.sent) == (Kind.TIMEOUT, Sent.WHOLE)
    assert there.server.connections == 1
