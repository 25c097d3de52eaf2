"""The processes of a chaos run: each can be killed, frozen, woken and started again.

What a process runs is in `function_process`, `schedule_process` and `bank_process`.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from local.chaos.proxy import TcpProxy
from local.machine.checkout import ROOT
from local.machine.ports import LOOPBACK
from local.serving.server import Server, start_server

STOP_SECONDS = 10.0


class Member(ABC):
    """One process of the run under one name, however often it is started."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._changing = threading.Lock()

    @abstractmethod
    def _launch(self) -> None: ...

    @abstractmethod
    def _pid(self) -> int | None: ...

    @abstractmethod
    def _end(self, *, at_once: bool) -> None: ...

    def start(self) -> None:
        """Start it unless it runs."""
        with self._changing:
            if self._pid() is None:
                self._launch()

    def kill(self) -> None:
        """SIGKILL, as a crash of the machine under it."""
        with self._changing:
            self._end(at_once=True)

    def stop(self) -> None:
        """End it in order; a frozen one is woken first."""
        self.wake()
        with self._changing:
            self._end(at_once=False)

    def freeze(self) -> None:
        """Stop it in its tracks: its connections and locks stay."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Let it run on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        with self._changing:
            if (pid := self._pid()) is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)


class FunctionMember(Member):
    """A process that serves the functions, behind a line that stays when it goes.

    Attributes:
        base_url: where it is called, whichever of its lives it is in
    """

    def __init__(
        self, name: str, environment: Mapping[str, str], log: Path, options: Sequence[str]
    ) -> None:
        super().__init__(name)
        self._environment = environment
        self._log = log
        self._options = options
        self._server: Server | None = None
        self.line = TcpProxy(self._port)
        self.base_url = f"http://{LOOPBACK}:{self.line.port}"

    def close(self) -> None:
        """End it and its line."""
        self.stop()
        self.line.close()

    def _port(self) -> int:
        if self._server is None:
            raise ConnectionRefusedError
        return urlsplit(self._server.base_url).port or 0

    def _command(self, listener: socket.socket, *options: str) -> list[str]:
        module = "local.banking.chaos.function_process"
        number = str(listener.fileno())
        return [sys.executable, "-m", module, *self._options, "--socket", number, *options]

    def _launch(self) -> None:
        with self._log.open("a") as log:
            self._server = start_server(self._environment, output=log, command=self._command)

    def _pid(self) -> int | None:
        return self._server.pid if self._server else None

    def _end(self, *, at_once: bool) -> None:
        server, self._server = self._server, None
        if server is not None:
            if at_once:
                server.kill()
            server.stop()


class ProgramMember(Member):
    """A program that ends with its standard input or by SIGTERM."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        super().__init__(name)
        self._command = command
        self._environment = environment
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def _launch(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self._command],
                cwd=ROOT,
                env=dict(self._environment),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _pid(self) -> int | None:
        process = self._process
        return process.pid if process and process.poll() is None else None

    def _end(self, *, at_once: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if at_once:
            process.kill()
        if process.stdin:
            process.stdin.close()
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
