"""A real server process on a real socket, serving a small app."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from local.serving.server import Server, ServerNotStarted, start_server
from tests.support.waiting import eventually

TINY = "tests.integration.local.machine.tiny_app"
SECONDS = 60


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    return {**os.environ, "LOCAL_APP": TINY, "RATE_LIMIT_IP_PER_MINUTE": "1000"}


@pytest.fixture(scope="module")
def server(environment: dict[str, str]) -> Iterator[Server]:
    with start_server(environment) as running:
        yield running


def answers(url: str) -> bool:
    try:
        httpx.get(f"{url}/health")
    except httpx.TransportError:
        return False
    return True


def test_request_reaches_the_function(server: Server) -> None:
    response = httpx.get(f"{server.base_url}/echo?a=1", headers={"X-Request-Id": "mine"})

    assert response.json() == {"query": {"a": "1"}, "request_id": "mine", "source_ip": "127.0.0.1"}
    assert response.headers["x-request-id"] == "mine"
    assert "server" not in response.headers


def test_requests_are_served_side_by_side(server: Server) -> None:
    with ThreadPoolExecutor(4) as pool:
        met = pool.map(lambda _: httpx.get(f"{server.base_url}/meet", timeout=SECONDS), range(4))

        assert sorted(response.json()["number"] for response in met) == [0, 1, 2, 3]


def test_non_http_gets_the_envelope(server: Server) -> None:
    port = int(server.base_url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        connection.sendall(b"THIS IS\0NOT HTTP\r\n\r\n")
        answer = connection.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"status_name":"BAD_REQUEST"' in answer
    assert b"x-request-id: " in answer


CHUNKED = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"


@pytest.mark.parametrize(
    ("begun", "more"),
    [
        (b"GET /", b"x"),
        (b"GET /health HTTP/1.1\r\nX-Long: ", b"x"),
        (b"GET /health HTTP/1.1\r\n", b"X-Short: y\r\n"),
        (CHUNKED + b"X-Long: ", b"x"),
        (CHUNKED, b"X-Short: y\r\n"),
    ],
    ids=["path", "header", "headers", "trailer", "trailers"],
)
def test_head_without_end_is_refused(server: Server, begun: bytes, more: bytes) -> None:
    port = int(server.base_url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        connection.sendall(begun + more * (60_000 // len(more)))
        for _ in range(20):  # what comes along with a part of a body is counted from the next on
            connection.sendall(more * (6_000 // len(more)))
            if select.select([connection], [], [], 0.1)[0]:
                break
        answer = connection.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"status_name":"BAD_REQUEST"' in answer


def test_long_heads_and_bodies_are_served(server: Server) -> None:
    headers = {"X-Long": "x" * 60_000, "Content-Type": "application/json"}
    response = httpx.post(f"{server.base_url}/echo", content=b" " * 200_000, headers=headers)

    assert response.status_code == 200


def test_taken_port_gives_next_one(server: Server, environment: dict[str, str]) -> None:
    port = int(server.base_url.rsplit(":", 1)[1])
    with start_server(environment, port) as second:
        assert int(second.base_url.rsplit(":", 1)[1]) > port


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_the_server_in_order(
    environment: dict[str, str], number: signal.Signals
) -> None:
    with start_server(environment) as running:
        os.kill(running.pid, number)

        assert running.wait() == 0


def test_stopped_server_gives_no_answer(environment: dict[str, str]) -> None:
    with start_server(environment) as running:
        assert answers(running.base_url)

    assert not answers(running.base_url)


def test_limit_comes_from_the_environment(environment: dict[str, str]) -> None:
    with start_server({**environment, "RATE_LIMIT_IP_PER_MINUTE": "3"}) as limited:
        statuses = [httpx.get(f"{limited.base_url}/health").status_code for _ in range(4)]

    assert statuses == [200, 200, 200, 429]


def test_missing_app_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(ServerNotStarted, match="no_such_app"):
        start_server({**environment, "LOCAL_APP": "no_such_app"})


def test_server_ends_with_a_killed_parent(environment: dict[str, str]) -> None:
    program = (
        "import os, time; from local.serving.server import start_server; "
        "print(start_server(os.environ).base_url, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        assert answers(url)
        parent.send_signal(signal.SIGKILL)
        parent.wait()

    eventually(lambda: not answers(url), "the end of the server", SECONDS)
