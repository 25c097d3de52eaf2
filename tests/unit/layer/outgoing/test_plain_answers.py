"""What is read as a plain answer h11 reads alike, and whatever is unusual is left to it."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintegrate.outgoing.plain_answers import PlainAnswer, plain_answer

WANTED = frozenset({"content-type", "retry-after", "x-usage"})
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n"


def by_h11(came: bytes) -> PlainAnswer | None:
    """What h11 reads; None if that is not the whole of it, or the connection cannot be used again."""
    http = h11.Connection(h11.CLIENT)
    http.send(h11.Request(method="POST", target="/", headers=[("Host", "")]))
    http.send(h11.EndOfMessage())
    http.receive_data(came)
    body, head = b"", None
    try:
        while http.their_state is not h11.DONE:
            event = http.next_event()
            if isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif not isinstance(event, h11.EndOfMessage):
                return None
        http.start_next_cycle()
    except h11.ProtocolError:
        return None
    if head is None or http.trailing_data[0]:
        return None
    headers: dict[str, str] = {}
    for raw_name, raw in head.headers:
        name, value = raw_name.decode(), raw.decode("latin-1")
        if name in WANTED or name == "content-encoding":
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return PlainAnswer(head.status_code, headers, body)


@pytest.mark.parametrize(
    "came",
    [
        HEAD + b"\r\n{}",
        b"HTTP/1.1 404 Not Found\r\ncontent-length:0\r\n\r\n",
        b"HTTP/1.1 500\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 \r\nServer:\r\nContent-Length:  1  \r\n\r\nx",
        HEAD + b"Connection: keep-alive\r\nX-Usage: 1\r\nx-usage: 2\r\n\r\n{}",
        HEAD + b"Content-Encoding: gzip\r\nRetry-After: 3\r\n\r\n{}",
    ],
)
def test_plain_answer_is_read(came: bytes) -> None:
    read = plain_answer(came, WANTED)

    assert read is not None
    assert read == by_h11(came)


@pytest.mark.parametrize(
    "came",
    [
        b"",
        HEAD,
        HEAD + b"\r\n",
        HEAD + b"\r\n{",
        HEAD + b"\r\n{}x",
        HEAD + b"\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        HEAD + b"Content-Length: 2\r\n\r\n{}",
        HEAD + b"Content-Length: 3\r\n\r\n{}",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n{}",
        HEAD + b"Transfer-Encoding: identity\r\n\r\n{}",
        HEAD + b"Connection: close\r\n\r\n{}",
        HEAD + b"Connection: keep-alive, close\r\n\r\n{}",
        HEAD + b"X-Folded: a\r\n b\r\n\r\n{}",
        HEAD + b" Content-Length: 3\r\n\r\n{}",
        HEAD + b"X Key: a\r\n\r\n{}",
        HEAD + b"X-Key : a\r\n\r\n{}",
        HEAD + b"no colon\r\n\r\n{}",
        HEAD + b"X-Key: \x00\r\n\r\n{}",
        HEAD + b"X-Key: \xe4\r\n\r\n{}",
        HEAD + b"X-Key: a\rb\r\n\r\n{}",
        HEAD + b"X-Key: a\nb\r\n\r\n{}",
        HEAD.replace(b"\r\n", b"\n") + b"\n{}",
        HEAD.replace(b"2\r", b"+2\r") + b"\r\n{}",
        HEAD.replace(b"2\r", b"0x2\r") + b"\r\n{}",
        HEAD.replace(b"2\r", b"2, 2\r") + b"\r\n{}",
        HEAD.replace(b"2\r", b"-2\r") + b"\r\n{}",
        HEAD.replace(b"2\r", b"\r") + b"\r\n{}",
        HEAD.replace(b"2\r", b"2222222222\r") + b"\r\n{}",
        HEAD.replace(b"Content-Length: 2\r\n", b"") + b"\r\n{}",
        HEAD.replace(b"1.1", b"1.0") + b"\r\n{}",
        HEAD.replace(b"1.1", b"2.0") + b"\r\n{}",
        HEAD.replace(b"200", b"0200") + b"\r\n{}",
        HEAD.replace(b"200", b"204") + b"\r\n{}",
        HEAD.replace(b"200", b"304") + b"\r\n{}",
        HEAD.replace(b"200", b"101") + b"\r\n{}",
        HEAD.replace(b"200", b"103") + b"\r\n" + HEAD + b"\r\n{}",
        b"\r\n" + HEAD + b"\r\n{}",
    ],
)
def test_unusual_answer_is_left(came: bytes) -> None:
    assert plain_answer(came, WANTED) is None


PIECES = st.sampled_from(
    [
        *(b"HTTP/1.1 ", b"HTTP/1.0 ", b"HTTP/1.1", b"200", b"204", b"304", b"100", b"999", b" OK"),
        *(b"\r\n", b"\r\n\r\n", b"\n", b"\r", b" ", b"\t", b":", b",", b"\x00", b"\xff", b"{}"),
        *(b"Content-Length", b": 2", b": 0", b"Transfer-Encoding: chunked", b"0\r\n\r\n"),
        *(b"Connection: close", b"Connection: keep-alive", b"Content-Type: a", b"X-Usage: b c "),
    ]
)
LINES = st.sampled_from(
    [
        *(b"Content-Length: 2", b"content-length:2", b"Content-Length: 3", b"X-Usage:  b c  "),
        *(b"Connection: close", b"Connection: Keep-Alive", b"Connection:", b"X-Usage: \xe4"),
        *(b"Transfer-Encoding: chunked", b"X-Folded: a\r\n b", b"X Key: a", b"Content-Type:", b""),
    ]
)


@given(
    st.lists(PIECES, max_size=16).map(b"".join)
    | st.builds(
        lambda first, lines, body: b"\r\n".join([first, *lines, b"", body]),
        st.sampled_from(
            [b"HTTP/1.1 200 OK", b"HTTP/1.1 404", b"HTTP/1.1 204 No", b"HTTP/1.0 200 OK"]
        ),
        st.lists(LINES, min_size=1, max_size=5),
        st.sampled_from([b"{}", b"", b"{}x"]),
    )
    | st.builds(
        lambda at, piece, gone: (HEAD + b"\r\n{}")[:at] + piece + (HEAD + b"\r\n{}")[at + gone :],
        st.integers(0, len(HEAD) + 4),
        st.binary(max_size=2) | PIECES,
        st.integers(0, 3),
    )
)
def test_what_is_plain_is_read_alike(came: bytes) -> None:
    read = plain_answer(came, WANTED)

    assert read is None or read == by_h11(came)
