"""A receiver is who its certificate says, for this host and today."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from fintegrate.outgoing.client import Client
from fintegrate.outgoing.dialing import default_tls
from fintegrate.outgoing.exchange import Failure, Kind, Request, Sent
from tests.integration.layer.outgoing.certificates import Issued, issue
from tests.integration.layer.outgoing.conftest import BY_NAME, HOST, MakePlace
from tests.integration.layer.outgoing.strangers import Visit, answer, answering, stranger

Wrong = Callable[[Issued], Issued]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda authority: issue(["other.example.com"], authority),
        lambda authority: issue(["*.shop.example.com"], authority),
        lambda authority: issue([], authority),
        lambda authority: issue(["127.0.0.1"], authority),
        lambda authority: issue([HOST], authority, days=(-3, -1)),
        lambda authority: issue([HOST], authority, days=(1, 3)),
        lambda _authority: issue([HOST]),
        lambda _authority: issue([HOST], issue(is_authority=True)),
        lambda authority: issue([HOST], issue(["not-an-authority.example"], authority)),
    ],
    ids=[
        *("other_name", "name_below", "no_name", "address", "expired", "not_yet", "self_signed"),
        *("other_authority", "by_no_authority"),
    ],
)
def test_wrong_certificate_gets_nothing(
    place: MakePlace, authority: Issued, tmp_path: Path, wrong: Wrong
) -> None:
    there = place(answering(answer()), tls=wrong(authority).server_context(tmp_path))

    result = there.send(b"body")

    assert isinstance(result, Failure)
    assert (result.kind, result.sent) == (Kind.BAD_CERTIFICATE, Sent.NOTHING)
    assert there.server.requests == []


def test_default_authorities_are_the_systems(
    server_tls: Callable[[], ssl.SSLContext],
) -> None:
    """The tests' own authority is a stranger to them."""
    with stranger(answering(answer()), server_tls()) as server:
        client = Client(frozenset({(HOST, server.port)}), resolver=BY_NAME)

        result = client.pool(1).send(Request("POST", f"https://{HOST}:{server.port}/"))

    assert isinstance(result, Failure)
    assert result.kind is Kind.BAD_CERTIFICATE


def test_defaults_verify_and_note_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))

    context = default_tls()

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.keylog_filename is None


@pytest.mark.parametrize(
    "words", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00" * 500, b"SSH-2.0-x\r\n"]
)
def test_plain_server_is_no_tls(place: MakePlace, words: bytes) -> None:
    def script(visit: Visit) -> None:
        visit.say(words)
        visit.hang()

    there = place(script)

    result = there.pool.send(Request("POST", there.url.replace("http:", "https:")))

    assert isinstance(result, Failure)
    assert (result.kind, result.sent) == (Kind.PROTOCOL, Sent.NOTHING)


def test_close_in_handshake_is_reset(place: MakePlace) -> None:
    there = place(lambda visit: visit.socket.recv(10) and None)

    result = there.pool.send(Request("POST", there.url.replace("http:", "https:")))

    assert isinstance(result, Failure)
    assert (result.kind, result.sent) == (Kind.RESET, Sent.NOTHING)


def test_old_tls_is_refused(
    place: MakePlace, server_tls: Callable[[], ssl.SSLContext], recwarn: pytest.WarningsRecorder
) -> None:
    old = server_tls()
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    recwarn.clear()
    there = place(answering(answer()), tls=old)

    result = there.send()

    assert isinstance(result, Failure)
    assert (result.kind, result.sent) == (Kind.PROTOCOL, Sent.NOTHING)
