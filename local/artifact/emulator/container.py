"""A sandbox in a container of AWS's own base image, with its file system and its interpreter.

Task root and layers are mounted read-only. `/tmp` is the container's own. Everything else is
read-only too. On Linux the container shares the host's network, so loopback addresses mean the same
inside. Elsewhere they are replaced by the engine's name for the host.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.artifact.emulator.process import MemoryWatch
from local.artifact.package.unpacking import CodeFolders
from local.machine.ports import LOOPBACK

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

IMAGES = "public.ecr.aws/lambda/"
ENGINES_HOST = "host.docker.internal"
LABEL = "fintegrate.functions"
TMP_MB = 512  # Lambda quotas: /tmp, by default
FIRST_SIGNAL = 128  # an exit status above it means: ended by a signal


def image_of(runtime: str) -> str:
    """The base image of a runtime: `…/lambda/python:3.11` for `python3.11`."""
    return f"{IMAGES}{runtime.replace('python', 'python:')}"


def remove_leftovers(client: DockerClient, owner: str, own_pid: int) -> None:
    """Remove the containers of a checkout whose server no longer runs.

    Args:
        owner: the checkout
        own_pid: the caller's process; its containers stay
    """
    for container in client.containers.list(all=True, filters={"label": f"{LABEL}={owner}"}):
        pid = int(container.labels.get(f"{LABEL}.server", "0"))
        if pid != own_pid and not lives(pid):
            with contextlib.suppress(Exception):
                container.remove(force=True)


def lives(pid: int) -> bool:
    """Whether a process with this id runs."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return pid > 0


class ContainerSandbox:
    """One runtime in a container.

    Args:
        owner: the checkout that the container belongs to
        output: the file descriptor for its output
    """

    def __init__(
        self,
        client: DockerClient,
        image: str,
        code: CodeFolders,
        environment: Mapping[str, str],
        memory_mb: int,
        owner: str,
        output: int,
    ) -> None:
        self._client = client
        self._image = image
        self._code = code
        self._environment = environment
        self._memory_mb = memory_mb
        self._labels = {LABEL: owner, f"{LABEL}.server": str(os.getpid())}
        self._output = output
        self._container: Container | None = None
        self._pid = 0
        self._memory: MemoryWatch | None = None
        # One call to the engine at a time, so that no thaw overtakes a freeze.
        self._calls = ThreadPoolExecutor(1, thread_name_prefix="container")

    async def start(self, runtime_api_port: int) -> None:
        """Start the image's runtime client with the function's handler."""
        loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[int] = loop.create_future()
        self._container = await loop.run_in_executor(self._calls, self._run, runtime_api_port)
        threading.Thread(target=self._follow, args=(loop,), daemon=True).start()

    def _run(self, port: int) -> Container:
        host, network = _network()
        variables = {name: v.replace(LOOPBACK, host) for name, v in self._environment.items()}
        container = self._client.containers.run(
            self._image,
            [self._environment["_HANDLER"]],
            environment={**variables, "AWS_LAMBDA_RUNTIME_API": f"{host}:{port}"},
            volumes={
                str(self._code.task): {"bind": "/var/task", "mode": "ro"},
                str(self._code.opt): {"bind": "/opt", "mode": "ro"},
            },
            read_only=True,
            tmpfs={"/tmp": f"size={TMP_MB}m,mode=1777"},  # noqa: S108 - the container's own
            mem_limit=f"{self._memory_mb}m",
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            labels=self._labels,
            detach=True,
            **network,
        )
        container.reload()
        self._pid = container.attrs["State"]["Pid"]
        self._memory = MemoryWatch(self._pid)
        return container

    def _follow(self, loop: asyncio.AbstractEventLoop) -> None:
        """Copy the container's output into the log until it ends, then remove it. Runs in a thread."""
        assert self._container is not None
        status = 255
        with contextlib.suppress(Exception):  # an engine that stops ends its containers
            for chunk in self._container.logs(stream=True, follow=True):
                os.write(self._output, chunk)
            status = self._container.wait()["StatusCode"]
        with contextlib.suppress(Exception):
            self._container.remove(force=True)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nothing waits any more
            loop.call_soon_threadsafe(self._set_ended, status)

    def _set_ended(self, status: int) -> None:
        if not self._ended.done():
            self._ended.set_result(status)

    async def wait(self) -> str:
        status = await self._ended
        if self._memory is not None:
            self._memory.close()
        self._calls.shutdown(wait=False)
        if status <= FIRST_SIGNAL or status == 255:
            return f"exit status {status}"
        name = signal.Signals(status - FIRST_SIGNAL).name
        return f"signal: {name.removeprefix('SIG').lower()}"

    def freeze(self) -> None:
        """Take its processor time away: by signal where we may signal it, else by pausing it."""
        if not _signalled(self._pid, signal.SIGSTOP):
            self._later("pause")

    def thaw(self) -> None:
        if not _signalled(self._pid, signal.SIGCONT):
            self._later("unpause")

    def _later(self, action: str) -> None:
        def call() -> None:
            with contextlib.suppress(Exception):  # it may have ended by now
                getattr(self._container, action)()

        with contextlib.suppress(RuntimeError):
            self._calls.submit(call)

    async def kill(self) -> None:
        """End it, also when it is paused."""
        self.thaw()
        self._later("kill")

    def most_memory_mb(self) -> int:
        """The highest resident memory; 0 where the engine runs in another machine."""
        return self._memory.most_mb() if self._memory is not None else 0


def _network() -> tuple[str, dict[str, Any]]:
    if sys.platform == "linux":
        return LOOPBACK, {"network_mode": "host"}
    return ENGINES_HOST, {"extra_hosts": {ENGINES_HOST: "host-gateway"}}


def _signalled(pid: int, number: signal.Signals) -> bool:
    """Whether this process can signal the container's first process.

    This holds on Linux as root. A container has one process unless the function starts others.
    """
    if sys.platform != "linux" or pid == 0 or os.geteuid() != 0:
        return False
    if not Path(f"/proc/{pid}").exists():
        return False
    try:
        os.kill(pid, number)
    except OSError:
        return False
    return True
