"""Servers of strangers on the own machine: each does with a connection what its script says."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

Script = Callable[["Visit"], None]


class Visit:
    """One connection to a stranger, as his script sees it."""

    def __init__(self, opened: socket.socket, number: int, stranger: Stranger) -> None:
        self.socket = opened
        self.number = number
        """Counts the connections from 1."""
        self.stranger = stranger
        self._buffer = b""

    def read_head(self) -> bytes | None:
        """A request's head; None after the other side has closed."""
        while b"\r\n\r\n" not in self._buffer:
            came = self.socket.recv(65536)
            if not came:
                return None
            self._buffer += came
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        return head

    def read_request(self) -> bytes | None:
        """A whole request, which is counted; None after the other side has closed."""
        head = self.read_head()
        if head is None:
            return None
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        wanted = int(length[1]) if length else 0
        while len(self._buffer) < wanted:
            came = self.socket.recv(65536)
            if not came:
                return None
            self._buffer += came
        body, self._buffer = self._buffer[:wanted], self._buffer[wanted:]
        self.stranger.requests.append(head + b"\r\n\r\n" + body)
        return self.stranger.requests[-1]

    def say(self, words: bytes) -> None:
        self.socket.sendall(words)

    def repeat(self, words: bytes) -> None:
        """Say the same until the other side has enough."""
        while not self.stranger.is_closing.is_set():
            self.socket.sendall(words)
            self.stranger.said += len(words)

    def drip(self, words: bytes) -> None:
        """Say one byte after the other, with a rest after each, and then keep silent."""
        for at in range(len(words)):
            self.socket.sendall(words[at : at + 1])
            if self.stranger.is_closing.wait(0.02):
                return
        self.stranger.is_closing.wait(60)

    def hang(self) -> None:
        self.stranger.is_closing.wait(60)


class Stranger:
    """A server at `port` on 127.0.0.1 that runs a script for each connection, each in a thread."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.said = 0
        """Bytes of what was repeated, with what the kernel holds."""
        self.names: list[str | None] = []
        """Asked for in TLS (SNI)."""
        self.is_closing = threading.Event()
        self._script = script
        self._tls = tls
        if tls is not None:
            tls.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listening.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self.is_closing.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._threads[0].join()
        for opened in self._open:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                opened, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(opened)
            visit = threading.Thread(target=self._visit, args=(opened, self.connections))
            self._threads.append(visit)
            visit.start()

    def _visit(self, opened: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(opened.close)
            if self._tls is not None:
                opened = self._tls.wrap_socket(opened, server_side=True)
                stack.callback(opened.close)
            self._script(Visit(opened, number, self))


@contextlib.contextmanager
def stranger(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[Stranger]:
    server = Stranger(script, tls)
    try:
        yield server
    finally:
        server.close()


def answering(words: bytes) -> Script:
    """A script that says the same to every request, until the other side closes."""

    def script(visit: Visit) -> None:
        while visit.read_request() is not None:
            visit.say(words)

    return script


def answer(status: str = "200 OK", body: bytes = b"", *headers: str) -> bytes:
    """An answer with its length."""
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers])
    return head.encode("latin-1") + b"\r\n\r\n" + body
