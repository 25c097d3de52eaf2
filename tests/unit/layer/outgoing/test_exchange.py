"""Requests and results show nothing of what is sent, and refuse what is the client's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fintegrate.outgoing.exchange import OUR_HEADERS, Answer, Request
from fintegrate.outgoing.packing import unpacked


def test_request_shows_nothing() -> None:
    headers = {"Authorization": "Bearer secret"}
    request = Request("POST", "https://h.example/secret?t=secret", headers, b"secret")

    assert "secret" not in repr(request)
    assert "secret" not in f"{request}"


def test_answer_shows_nothing() -> None:
    answer = Answer(200, {"content-type": "secret"}, b"secret", is_whole=True, milliseconds=3)

    assert "secret" not in repr(answer)


@pytest.mark.parametrize("name", sorted(OUR_HEADERS))
def test_clients_own_header_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name) as caught:
        Request("POST", "https://h.example/", {name.title(): "secret"})

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "OPTIONS", "post", "GET x", ""])
def test_other_method_is_refused(method: str) -> None:
    with pytest.raises(ValueError, match="none of"):
        Request(method, "https://h.example/")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Key", "a\r\nHost: b"),
        ("X-Key", "a\nb"),
        ("X-Key", "a\x00"),
        ("X-Key", "é"),
        ("X-Key", " a"),
        ("X-Key", "a "),
        ("X Key", "a"),
        ("X-Key:", "a"),
        ("", "a"),
        ("X-Kéy", "a"),
    ],
)
def test_unsendable_header_is_named(name: str, value: str) -> None:
    assert Request("POST", "https://h.example/", {name: value}).bad_header() == ascii(name)


@pytest.mark.parametrize("value", ["", "a", "Bearer a.b-c_d=", "v1,abc v1,def", "a\tb"])
def test_plain_header_can_be_sent(value: str) -> None:
    assert Request("POST", "https://h.example/", {"X-Key": value}).bad_header() is None


def test_answer_says_when_to_return() -> None:
    now = datetime(1994, 11, 6, 8, 49, 0, tzinfo=UTC)
    answer = Answer(429, {"retry-after": "7"}, b"", is_whole=True, milliseconds=1)

    assert answer.retry_after(now) == 7
    assert Answer(429, {}, b"", is_whole=True, milliseconds=1).retry_after(now) is None


def test_unknown_packing_is_not_read() -> None:
    assert unpacked(b"\x1b\x00", "br", 100) == (b"", False)
    assert unpacked(b"x", "gzip, gzip", 100) == (b"", False)
    assert unpacked(b"no gzip", "gzip", 100) == (b"", False)


def test_empty_body_is_whole() -> None:
    assert unpacked(b"", "gzip", 100) == (b"", True)
    assert unpacked(b"", "br", 100) == (b"", True)
