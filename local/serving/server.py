"""Starts and stops server processes of this checkout, for the commands, the demo and the tests."""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from local.machine.checkout import Checkout
from local.machine.log_file import open_log
from local.machine.ports import LOOPBACK, next_free
from local.machine.processes import MARKER, Family

READY_SECONDS = 60.0
STOP_SECONDS = 15.0
BACKLOG = 2048


class ServerNotStarted(RuntimeError):
    """The server process ended or did not become ready. The text has the end of its log."""


def accompanying(checkout: Checkout) -> Family:
    """The server processes that end with the process that started them."""
    home = checkout.folder("run")
    return Family(f"{checkout.root}#accompanying", home, home / "accompanying.json")


def listen(port: int | None) -> socket.socket:
    """A listening socket on loopback: on this port or the next free one, or on any if it is `None`."""
    while True:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, next_free(port) if port else 0))
            listener.listen(BACKLOG)
        except OSError:  # the port was taken since the check
            listener.close()
            continue
        return listener


def url_of(listener: socket.socket) -> str:
    return f"http://{LOOPBACK}:{listener.getsockname()[1]}"


def serve_command(listener: socket.socket, *options: str) -> list[str]:
    """The command of the program that serves on an inherited socket."""
    return [
        sys.executable,
        "-m",
        "local.serving.program",
        "--socket",
        str(listener.fileno()),
        *options,
    ]


class Server:
    """A server process that ends with this process.

    Attributes:
        base_url: its address
    """

    def __init__(self, base_url: str, process: subprocess.Popen[bytes]) -> None:
        self.base_url = base_url
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait(self) -> int:
        """Wait until the process ends. Returns its exit status."""
        return self._process.wait()

    def stop(self) -> None:
        """Let running requests finish, then end the process. It may be called again."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start_server(
    environment: Mapping[str, str],
    port: int | None = None,
    output: TextIO | None = None,
    command: Callable[..., list[str]] = serve_command,
    inherited: Sequence[int] = (),
) -> Server:
    """Serve in a separate process, by default the source tree. Returns when it accepts requests.

    Args:
        environment: the whole environment of the server, as `settings_environment` makes it
        port: this port or the next free one; any free one by default
        output: the file for its output, by default `.local/log/accompanying.log`
        command: makes the program's command line for a listening socket and options
        inherited: file descriptors that it gets beside the socket

    Raises:
        ServerNotStarted: the server ended while starting
    """
    checkout = Checkout()
    log = checkout.folder("log") / "accompanying.log"
    ready, signalled = os.pipe()
    with listen(port) as listener, os.fdopen(open_log(log), "ab") as default:
        process = subprocess.Popen(
            command(listener, "--with-parent", "--ready", str(signalled)),
            env={**environment, MARKER: accompanying(checkout).marker},
            cwd=checkout.root,
            pass_fds=(listener.fileno(), signalled, *inherited),
            stdin=subprocess.PIPE,
            stdout=output or default,
            stderr=output or default,
            start_new_session=True,
        )
        os.close(signalled)
        server = Server(url_of(listener), process)
    if not _became_ready(ready):
        server.stop()
        raise ServerNotStarted(f"The server did not start; the end of its log:\n{tail(log)}")
    return server


def _became_ready(pipe: int) -> bool:
    """Whether a byte came before the pipe closed or the time ran out."""
    with os.fdopen(pipe, "rb") as reader, selectors.DefaultSelector() as selector:
        selector.register(reader, selectors.EVENT_READ)
        return bool(selector.select(READY_SECONDS)) and reader.read(1) == b"1"


def tail(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
