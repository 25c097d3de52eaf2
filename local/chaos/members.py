"""The processes of a fault run. Each can be killed, frozen, woken and started again.

A system's own run decides which programs they are.
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
from local.machine.log_file import open_log
from local.machine.ports import LOOPBACK
from local.serving.server import Server, start_server

STOP_SECONDS = 10.0


class Member(ABC):
    """One process of the run. It keeps its name however often it is started."""

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
        """End it with SIGKILL, as a crash of its machine would."""
        with self._changing:
            self._end(at_once=True)

    def stop(self) -> None:
        """End it in order. A frozen one is woken first."""
        self.wake()
        with self._changing:
            self._end(at_once=False)

    def freeze(self) -> None:
        """Stop it where it is. It keeps its connections and locks."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        with self._changing:
            if (pid := self._pid()) is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)


class FunctionMember(Member):
    """A process that serves functions, behind a proxy that stays when the process goes.

    Args:
        command: a module and its options; the module also takes those of `local.serving.program`

    Attributes:
        proxy: stands in front of the process
        base_url: its address, which stays the same after a restart
    """

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        super().__init__(name)
        self._program = command
        self._environment = environment
        self._log = log
        self._server: Server | None = None
        self.proxy = TcpProxy(self._port)
        self.base_url = f"http://{LOOPBACK}:{self.proxy.port}"

    def close(self) -> None:
        self.stop()
        self.proxy.close()

    def _port(self) -> int:
        if self._server is None:
            raise ConnectionRefusedError
        return urlsplit(self._server.base_url).port or 0

    def _command(self, listener: socket.socket, *options: str) -> list[str]:
        number = str(listener.fileno())
        return [sys.executable, "-m", *self._program, "--socket", number, *options]

    def _launch(self) -> None:
        with os.fdopen(open_log(self._log), "a") as log:
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
    """A program that ends when its standard input closes or on SIGTERM.

    Args:
        command: a module and its options
    """

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        super().__init__(name)
        self._command = command
        self._environment = environment
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def _launch(self) -> None:
        with os.fdopen(open_log(self._log), "ab") as log:
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
