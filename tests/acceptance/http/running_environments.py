"""Finds the function environments of a server that run now, whatever kind they are of, to kill them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import psutil
from docker.errors import DockerException

from local.artifact.emulator.container import LABEL
from local.services.docker.engine import connect
from tests.acceptance.http.conftest import Served

Kill = Callable[[], None]


def running(served: Served) -> list[Kill]:
    """What kills each environment of a server that is not frozen at this moment."""
    find = _containers if served.way == "container" else _processes
    return list(find(served.server.pid))


def _processes(server_pid: int) -> Iterator[Kill]:
    for child in psutil.Process(server_pid).children(recursive=True):
        with suppress(psutil.Error):  # it has just ended
            if "awslambdaric" in " ".join(child.cmdline()) and _runs(child):
                yield partial(_kill_process, child)


def _runs(process: psutil.Process) -> bool:
    return bool(process.status() != psutil.STATUS_STOPPED)


def _kill_process(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.kill()


def _containers(server_pid: int) -> Iterator[Kill]:
    """Running for the engine; frozen by a signal where their processes are this machine's."""
    client = connect()
    wanted = {"label": f"{LABEL}.server={server_pid}", "status": "running"}
    for container in client.containers.list(filters=wanted, ignore_removed=True):
        with suppress(psutil.Error):
            pid = container.attrs["State"]["Pid"]
            if not psutil.pid_exists(pid) or _runs(psutil.Process(pid)):
                yield partial(_kill_container, container.kill)
    client.close()


def _kill_container(kill: Callable[[], object]) -> None:
    with suppress(DockerException):  # it has just ended
        kill()
