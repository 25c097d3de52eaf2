"""No name server can lead a request to an inner address."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

import pytest

from fintegrate.outgoing import dialing
from fintegrate.outgoing.addresses import Address
from fintegrate.outgoing.client import Client
from fintegrate.outgoing.deadline import Deadline
from fintegrate.outgoing.exchange import Answer, Failure, Kind, Request, Sent
from fintegrate.outgoing.keeping import OLDEST_SECONDS, Kept
from fintegrate.outgoing.resolving import Resolver
from tests.integration.layer.outgoing.certificates import Issued, issue
from tests.integration.layer.outgoing.conftest import HOST, MakePlace
from tests.integration.layer.outgoing.strangers import Stranger, answer, answering, stranger

PUBLIC, INNER = "93.184.216.34", "169.254.169.254"
URL = f"https://{HOST}/in?token=secret"


class Names:
    """A name server that gives one answer after the other, and the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    def lookup(self, _host: str) -> Iterable[Address]:
        found = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        return [ip_address(text) for text in found]


class Internet:
    """Connects public addresses to a stranger on this machine, and notes which were wanted."""

    def __init__(self, server: Stranger | None = None) -> None:
        self.wanted: list[str] = []
        self._server = server

    def connected(self, address: Address, _port: int, _deadline: Deadline) -> socket.socket:
        self.wanted.append(str(address))
        if self._server is None:
            raise ConnectionRefusedError(111, "refused")
        opened = socket.create_connection(("127.0.0.1", self._server.port))
        opened.setblocking(False)
        return opened


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Internet:
    """Nobody listens anywhere."""
    nowhere = Internet()
    monkeypatch.setattr(dialing, "connected", nowhere.connected)
    return nowhere


@pytest.mark.parametrize(
    "answers",
    [
        [INNER],
        [PUBLIC, INNER],
        [INNER, PUBLIC],
        [*[PUBLIC] * 20, "10.0.0.1"],
        [PUBLIC, "::1"],
        [PUBLIC, "::ffff:127.0.0.1"],
        [PUBLIC, "64:ff9b::a9fe:a9fe"],
        [PUBLIC, "fe80::1%1"],
        ["2002:7f00:1::"],
        ["0.0.0.0"],
    ],
)
def test_one_bad_address_refuses_host(internet: Internet, answers: list[str]) -> None:
    client = Client(resolver=Resolver(Names(answers).lookup))

    result = client.pool(1).send(Request("POST", URL))

    assert isinstance(result, Failure)
    assert (result.kind, result.sent) == (Kind.NOT_ALLOWED, Sent.NOTHING)
    assert internet.wanted == []
    assert not any(text in result.why for text in (*answers, "secret"))


def test_name_is_resolved_once(internet: Internet) -> None:
    """A second look would find the inner address."""
    names = Names([PUBLIC], [INNER])
    client = Client(resolver=Resolver(names.lookup))

    result = client.pool(1).send(Request("POST", URL))

    assert isinstance(result, Failure)
    assert result.kind is Kind.REFUSED
    assert internet.wanted == [PUBLIC]
    assert names.asked == 1


def test_next_connection_is_judged_again(internet: Internet) -> None:
    names = Names([PUBLIC], [INNER])
    pool = Client(resolver=Resolver(names.lookup)).pool(1)
    pool.send(Request("POST", URL))

    result = pool.send(Request("POST", URL))

    assert isinstance(result, Failure)
    assert result.kind is Kind.NOT_ALLOWED
    assert internet.wanted == [PUBLIC]


def test_system_resolver_is_asked_once(internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by the socket either, nor by TLS."""
    asked: list[object] = []

    def getaddrinfo(host: object, *_: object, **__: object) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (PUBLIC, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    Client().pool(1).send(Request("POST", URL))

    assert asked == [HOST.encode()]
    assert internet.wanted == [PUBLIC]


def test_vetted_address_gets_name(
    authority: Issued, server_tls: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connected to the address, asked for by name in TLS and in HTTP."""
    assert callable(server_tls)
    with stranger(answering(answer()), server_tls()) as server:
        internet = Internet(server)
        monkeypatch.setattr(dialing, "connected", internet.connected)
        names = Names([PUBLIC], [INNER])
        client = Client(resolver=Resolver(names.lookup), make_tls=authority.client_context)

        results = [client.pool(1).send(Request("POST", URL))]

        assert isinstance(results[0], Answer)
        assert server.names == [HOST]
        assert f"\r\nHost: {HOST}\r\n".encode() in server.requests[0]
        assert internet.wanted == [PUBLIC]
        client.close()


def test_moved_host_is_followed(
    authority: Issued, server_tls: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kept connection serves for minutes; then its host is resolved and judged again."""
    assert callable(server_tls)
    hurry = [0.0]
    with stranger(answering(answer()), server_tls()) as server:
        internet = Internet(server)
        monkeypatch.setattr(dialing, "connected", internet.connected)
        client = Client(
            resolver=Resolver(Names([PUBLIC], ["1.1.1.1"], [INNER]).lookup),
            make_tls=authority.client_context,
            kept=Kept(clock=lambda: time.monotonic() + hurry[0]),
        )
        pool = client.pool(1)
        for seconds in (0.0, 0.0, OLDEST_SECONDS, 0.0):
            hurry[0] += seconds
            assert isinstance(pool.send(Request("POST", URL)), Answer)
        assert internet.wanted == [PUBLIC, "1.1.1.1"]
        hurry[0] += OLDEST_SECONDS

        result = pool.send(Request("POST", URL))

        assert isinstance(result, Failure)
        assert result.kind is Kind.NOT_ALLOWED
        assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://127.0.0.1/", Kind.NOT_ALLOWED),
        ("http://shop.example.com/", Kind.NOT_ALLOWED),
        (URL, Kind.NOT_ALLOWED),
    ],
)
def test_check_says_early_what_is_wrong(url: str, kind: Kind) -> None:
    failure = Client(resolver=Resolver(Names([INNER]).lookup)).check(url)

    assert failure is not None
    assert (failure.kind, failure.sent) == (kind, Sent.NOTHING)
    assert failure.why
    assert "secret" not in failure.why


def test_check_connects_to_nobody(internet: Internet) -> None:
    assert Client(resolver=Resolver(Names([PUBLIC]).lookup)).check(URL) is None
    assert internet.wanted == []


def test_check_tells_missing_name() -> None:
    failure = Client(resolver=Resolver(Names([]).lookup)).check(URL)

    assert failure is not None
    assert failure.kind is Kind.DNS


def test_allowed_host_is_no_wildcard(place: MakePlace) -> None:
    there = place(answering(answer()))
    other = f"http://{HOST}:{there.server.port + 1}/"

    result = there.pool.send(Request("POST", other))

    assert isinstance(result, Failure)
    assert result.kind is Kind.NOT_ALLOWED


def test_address_certificate_is_verified(
    authority: Issued, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A URL may name a public address; then the certificate must name it, too."""
    by_address = issue([PUBLIC], authority).server_context(tmp_path_factory.mktemp("address"))
    with stranger(answering(answer()), by_address) as server:
        monkeypatch.setattr(dialing, "connected", Internet(server).connected)
        client = Client(make_tls=authority.client_context)

        good = client.pool(0).send(Request("POST", f"https://{PUBLIC}/"))
        other = client.pool(0).send(Request("POST", "https://93.184.216.35/"))

        assert isinstance(good, Answer)
        assert isinstance(other, Failure)
        assert other.kind is Kind.BAD_CERTIFICATE
