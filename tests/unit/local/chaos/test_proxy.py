"""The proxy of the fault runs does each of its misdeeds, and undoes it."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator

import pytest

from local.chaos.proxy import TcpProxy

SOON = 0.2
"""How long a test waits for what must not come."""


class Echo(socketserver.BaseRequestHandler):
    """Sends back what it gets."""

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.request.recv(1024):
                self.request.sendall(data)


class EchoServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False


@pytest.fixture
def proxy() -> Iterator[TcpProxy]:
    with EchoServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        proxy = TcpProxy(lambda: int(server.server_address[1]))
        yield proxy
        proxy.close()
        server.shutdown()


@pytest.fixture
def caller(proxy: TcpProxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection:
        assert say(connection, b"hello") == b"hello"
        yield connection


def say(connection: socket.socket, words: bytes) -> bytes:
    connection.sendall(words)
    return connection.recv(1024)


def hears_nothing(connection: socket.socket) -> bool:
    connection.settimeout(SOON)
    try:
        return connection.recv(1024) is None
    except TimeoutError:
        return True
    finally:
        connection.settimeout(5)


def test_both_ways_are_passed_on(caller: socket.socket) -> None:
    assert say(caller, b"again") == b"again"


def test_end_is_passed_on(caller: socket.socket) -> None:
    caller.shutdown(socket.SHUT_WR)

    assert caller.recv(1024) == b""


def test_cut_resets_open_connections(proxy: TcpProxy, caller: socket.socket) -> None:
    proxy.cut()

    with pytest.raises(ConnectionResetError):
        caller.recv(1024)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as another:
        assert say(another, b"hello") == b"hello"


def test_stalled_connection_loses_nothing(proxy: TcpProxy, caller: socket.socket) -> None:
    proxy.stall()
    caller.sendall(b"late")
    assert hears_nothing(caller)

    proxy.heal()

    assert caller.recv(1024) == b"late"


def test_stalled_proxy_delays_new_connections(proxy: TcpProxy) -> None:
    proxy.stall()
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection:
        connection.sendall(b"late")
        assert hears_nothing(connection)

        proxy.heal()

        assert connection.recv(1024) == b"late"


def test_half_open_connection_is_reset(proxy: TcpProxy, caller: socket.socket) -> None:
    proxy.half_open()
    caller.sendall(b"lost")
    assert hears_nothing(caller)

    proxy.heal()

    with pytest.raises(ConnectionResetError):
        caller.recv(1024)


def test_half_open_proxy_hangs_new_connections(proxy: TcpProxy) -> None:
    proxy.half_open()
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection:
        connection.sendall(b"lost")
        assert hears_nothing(connection)

        proxy.heal()

        with pytest.raises(ConnectionResetError):
            connection.recv(1024)


def test_slow_connection_is_delayed(proxy: TcpProxy, caller: socket.socket) -> None:
    proxy.slow(10)
    caller.sendall(b"late")
    assert hears_nothing(caller)

    proxy.heal()

    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as another:
        assert say(another, b"hello") == b"hello"


def test_caller_of_absent_server_is_reset() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        away = TcpProxy(lambda: int(unused.getsockname()[1]))
        with (
            pytest.raises(ConnectionResetError),
            socket.create_connection(("127.0.0.1", away.port), timeout=5) as connection,
        ):
            connection.recv(1024)
        away.close()


def test_address_leads_through_proxy(proxy: TcpProxy) -> None:
    address = proxy.through("amqp://user:a%40b@broker.example:5671/%2F")

    assert address == f"amqp://user:a%40b@127.0.0.1:{proxy.port}/%2F"
