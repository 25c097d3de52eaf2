"""Requests that never become complete, and heads that the server refuses itself."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from local.gateway import http_protocol
from local.gateway.address_limit import AddressLimit
from local.serving.program import configuration
from tests.support.waiting import eventually

GET = b"GET / HTTP/1.1\r\nHost: x\r\n"


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body, then answers."""
    message = {"more_body": True, "type": ""}
    while message.get("more_body") and message["type"] != "http.disconnect":
        message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server with little patience."""
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(http_protocol, "BODY_SECONDS", 0.2)
    monkeypatch.setattr(http_protocol, "LOOK_SECONDS", 0.05)
    server = uvicorn.Server(configuration(application, AddressLimit(10).refused_for))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        eventually(lambda: server.started, "the server serves")
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join()


def answer(port: int, sent: bytes) -> bytes:
    """All that comes until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(sent)
        parts = []
        while part := client.recv(65_536):
            parts.append(part)
        return b"".join(parts)


@pytest.mark.parametrize(
    "sent", [GET, b"GET", GET + b"Content-Length: 3\r\n\r\nab", b"\r\n"], ids=str
)
def test_unfinished_request_gets_408(port: int, sent: bytes) -> None:
    assert answer(port, sent).startswith(b"HTTP/1.1 408 Request Timeout\r\n")


def test_silent_connection_is_closed(port: int) -> None:
    assert answer(port, b"") == b""


def test_second_head_must_come_too(port: int) -> None:
    answered = answer(port, GET + b"\r\n" + GET)  # returns when the server has closed

    assert answered.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    "sent",
    [
        GET + b"X: " + b"x" * 100_000 + b"\r\n\r\n",
        GET + b"X: y\r\n" * 20_000 + b"\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        b"GET /\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
    ids=["long value", "many headers", "long path", "no host", "two hosts", "bad host", "0.9", "x"],
)
def test_wrong_head_gets_400(port: int, sent: bytes) -> None:
    assert answer(port, sent).startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_old_clients_need_no_host(port: int) -> None:
    assert answer(port, b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 OK\r\n")


def test_malformed_requests_are_limited(port: int) -> None:
    answers = [answer(port, b"nonsense\r\n\r\n") for _ in range(11)]

    assert all(b" 400 Bad Request" in each for each in answers[:10])
    assert answers[10].startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
    assert b"retry-after: " in answers[10]
