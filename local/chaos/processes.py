"""Starts processes that do one task each and may be killed at a boundary.

They are forked from a server process that has imported everything and opened nothing
(`multiprocessing`'s forkserver). Each starts in milliseconds and is as clean as a new process.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from local.chaos.boundaries import Boundary
from local.chaos.watching import Watch
from local.machine.log_file import open_log

PATIENCE_SECONDS = 30.0
_SPAWN = threading.Lock()

Task = Callable[[], Any]


class TaskFailed(Exception):
    """A process did not do its task. The text gives the reason."""


@dataclass(frozen=True)
class Ended:
    """How a process ended: whether it reached its boundary, and otherwise its task's result."""

    hit: bool
    answer: Any = None


class TaskProcess:
    """A process with its task. `environment` is its whole environment.

    The first one of this process decides what the server process imports; `imports` are modules.
    """

    def __init__(
        self,
        task: Task,
        environment: Mapping[str, str],
        log: Path,
        boundary: Boundary | None = None,
        death: signal.Signals = signal.SIGKILL,
        imports: Sequence[str] = (),
    ) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(imports))
        self._messages, theirs = context.Pipe(duplex=False)
        arguments = (task, dict(environment), log, boundary, death, theirs)
        self._process: ForkServerProcess = context.Process(target=_live, args=arguments)
        with _SPAWN:
            self._process.start()
        theirs.close()

    def wait_hit(self) -> bool:
        """Wait until the boundary is reached (True) or the task ends without it."""
        return bool(self._message()[0] == "hit")

    def wait(self) -> Ended:
        """Wait for its end.

        Raises:
            TaskFailed: the process failed or took too long
        """
        kind, what = self._message()
        self._process.join(PATIENCE_SECONDS)
        self._messages.close()
        if kind == "failed":
            raise TaskFailed(what)
        return Ended(kind == "hit", what)

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.join()
        self._messages.close()

    def terminate(self) -> None:
        """Ask it to end (SIGTERM)."""
        self._process.terminate()

    def _message(self) -> tuple[str, Any]:
        if not self._messages.poll(PATIENCE_SECONDS):
            self.kill()
            return "failed", f"not done within {PATIENCE_SECONDS:g} s"
        try:
            message: tuple[str, Any] = self._messages.recv()
        except EOFError:
            return "failed", "the process ended without a word; see its log"
        return message


def _live(
    task: Task,
    environment: dict[str, str],
    log: Path,
    boundary: Boundary | None,
    death: signal.Signals,
    messages: Connection,
) -> None:
    """The main function of such a process: set its environment, install the watch, do the task."""
    os.environ.clear()
    os.environ.update(environment)
    output = open_log(log)
    for stream in (1, 2):
        os.dup2(output, stream)

    def die() -> None:
        messages.send(("hit", None))
        os.kill(os.getpid(), death)

    try:
        if boundary is not None:
            Watch(boundary, die).install()
        messages.send(("done", task()))
    except BaseException as error:
        messages.send(("failed", f"{type(error).__name__}: {error}"))
        raise
