"""What the client makes of the API's answers, and of answers that are not the API's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from local.banking.client import CallFailed, Client, Tenant, onboard

Serve = Callable[[int, bytes], str]


def envelope(status: int, data: dict[str, Any], description: str = "Said so") -> bytes:
    detail = {"status_code": str(status), "status_description": description}
    return json.dumps({"data": data, "detail": detail}).encode()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server that gives every request the same answer; its address."""
    servers: list[HTTPServer] = []

    def start(status: int, body: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Silent."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_data_is_given(serve: Serve) -> None:
    with Client(serve(200, envelope(200, {"name": "Ada"})), "key") as client:
        assert client.ask("GET", "/customer/data") == {"name": "Ada"}


@pytest.mark.parametrize(("status", "passing"), [(404, False), (429, True), (503, True)])
def test_refusal_is_told(serve: Serve, status: int, passing: bool) -> None:
    with (
        Client(serve(status, envelope(status, {}, "No such customer")), "key") as client,
        pytest.raises(CallFailed, match="No such customer") as failure,
    ):
        client.ask("GET", "/customer/data")

    assert failure.value.status == status
    assert failure.value.passing is passing


def test_refusal_can_be_read(serve: Serve) -> None:
    with Client(serve(409, envelope(409, {}, "Taken")), "key") as client:
        reply = client.call("GET", "/customer/data")

    assert (reply.status, reply.succeeded, reply.description) == (409, False, "Taken")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"data": {}}'])
def test_foreign_answer_is_a_failure(serve: Serve, body: bytes) -> None:
    with Client(serve(200, body), "key") as client, pytest.raises(CallFailed) as failure:
        client.call("GET", "/customer/data")

    assert failure.value.status == 200


def test_silence_may_pass() -> None:
    with Client("http://127.0.0.1:1", "key") as client, pytest.raises(CallFailed) as failure:
        client.call("GET", "/customer/data")

    assert failure.value.passing


def test_onboarding_gives_the_key() -> None:
    answers = {"/consumer/data": {"consumer_id": "1"}, "/consumer/api-key": {"api_key": "k"}}
    posted: list[tuple[str, Any]] = []

    def post(path: str, body: Any) -> dict[str, Any]:
        posted.append((path, body))
        return answers[path]

    assert onboard(post, "bank") == Tenant("bank", "1", "k")
    assert posted == [
        ("/consumer/data", {"consumer_name": "bank"}),
        ("/consumer/api-key", {"consumer_id": "1"}),
    ]
