"""What goes out is what h11 would write, and what it would refuse does not go out."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintegrate.outgoing.exchange import METHODS, Kind, Request, Stopped
from fintegrate.outgoing.urls import Target, UrlNotAllowed, target_of
from fintegrate.outgoing.writing import USER_AGENT, Outgoing

URL = "https://a.example/in?token=t%20t"


def by_h11(request: Request, target: Target) -> bytes:
    headers = [("Host", target.authority), ("Accept-Encoding", "identity")]
    if "user-agent" not in {name.lower() for name in request.headers}:
        headers.append(("User-Agent", USER_AGENT))
    headers += request.headers.items()
    if request.body or request.method in {"POST", "PUT", "PATCH"}:
        headers.append(("Content-Length", str(len(request.body))))
    head = h11.Request(method=request.method, target=target.path, headers=headers)
    connection = h11.Connection(h11.CLIENT)
    parts = (head, h11.Data(data=request.body), h11.EndOfMessage())
    return b"".join(connection.send(part) or b"" for part in parts)


def wire(headers: dict[str, str], url: str = URL) -> bytes:
    return Outgoing(Request("POST", url, headers), target_of(url)).wire


@pytest.mark.parametrize("url", [URL, "https://a.example:8443", "https://[2606:4700::1111]/x"])
@pytest.mark.parametrize("method", sorted(METHODS))
@pytest.mark.parametrize("body", [b"", b"{}", bytes(range(256))])
@pytest.mark.parametrize("headers", [{}, {"X-Key": "v1,a b", "user-agent": "me"}, {"X-Empty": ""}])
def test_bytes_are_those_of_h11(
    url: str, method: str, body: bytes, headers: dict[str, str]
) -> None:
    request, target = Request(method, url, headers, body), target_of(url)

    assert Outgoing(request, target).wire == by_h11(request, target)


@given(
    st.dictionaries(st.text(min_size=1, max_size=9), st.text(max_size=9), max_size=4)
    | st.dictionaries(
        st.from_regex(r"[!-~]{1,9}", fullmatch=True), st.from_regex(r"[ -~\t]{0,9}", fullmatch=True)
    ),
    st.from_regex(r"/[!-~]{0,20}", fullmatch=True) | st.text(max_size=9),
    st.binary(max_size=9),
)
def test_whatever_goes_out_is_h11s(headers: dict[str, str], path: str, body: bytes) -> None:
    try:
        request = Request("POST", f"https://a.example{path}", headers, body)
        outgoing = Outgoing(request, target_of(request.url))
    except (ValueError, UrlNotAllowed, Stopped):
        return
    assert outgoing.wire == by_h11(request, outgoing.target)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Key", "secret\r\nX-Other: 1"),
        ("X-Key", "secret\r\n\r\nGET / HTTP/1.1"),
        ("X-Key", "secret\nX-Other: 1"),
        ("X-Key", "secret\rX-Other: 1"),
        ("X-Key", "secret\x00"),
        ("X-Key", "secret\x0b"),
        ("X-Key", "secret\x85"),
        ("X-Key", "secret\u2028"),
        ("X-Key", "secret\uff1a"),
        ("X-Key", " secret"),
        ("X-Key", "secret\n"),
        ("X-Key: 1\r\nX-Other", "secret"),
        ("X-Key: 1", "secret"),
        ("X-Key ", "secret"),
        ("", "secret"),
    ],
)
def test_hostile_header_stays_here(name: str, value: str) -> None:
    for headers in ({name: value}, {"X-First": "1", name: value, "X-Last": "2"}):
        with pytest.raises(Stopped) as caught:
            wire(headers)

        assert caught.value.kind is Kind.NOT_ALLOWED
        assert ascii(name) in caught.value.why
        assert "secret" not in caught.value.why


def test_header_is_judged_in_each_request() -> None:
    """Names are remembered, values are not."""
    assert b"X-Key: good\r\n" in wire({"X-Key": "good"})

    with pytest.raises(Stopped):
        wire({"X-Key": "b\r\nad"})


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("a.example", "/a b"),
        ("a.example", "/ HTTP/1.1\r\nX-Other: 1"),
        ("a.example", "/\u00e4"),
        ("a.example", ""),
        ("a.example\r\nX-Other: 1", "/"),
        ("a example", "/"),
    ],
)
def test_target_is_judged_again(host: str, path: str) -> None:
    with pytest.raises(Stopped) as caught:
        Outgoing(Request("POST", URL), Target("https", host, 443, path))

    assert caught.value.kind is Kind.NOT_ALLOWED


def test_outgoing_shows_nothing() -> None:
    outgoing = Outgoing(Request("POST", URL, {"X-Key": "secret"}, b"secret"), target_of(URL))

    assert "secret" not in f"{outgoing} {outgoing!r}"
    assert "token" not in f"{outgoing} {outgoing!r}"
