"""A sandbox that is a process: the machine's Python with the unpacked artifact and nothing else.

The interpreter is the one that packaged, without its site-packages. `mounts` decides how much of
Lambda's file system the process sees.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from local.artifact.emulator.lambda_environment import search_path
from local.artifact.emulator.mounts import View, mounted
from local.artifact.package.repack import SITE_PACKAGES
from local.artifact.package.unpacking import CodeFolders
from local.machine.ports import LOOPBACK

INTERPRETER: str = sys._base_executable  # type: ignore[attr-defined]  # noqa: SLF001 - not the venv's
SETPRIV = shutil.which("setpriv")


class ProcessSandbox:
    """One runtime as a child process.

    Args:
        runtime: the folder with AWS's runtime client
        scratch: its own folder for `/tmp`, removed when it ends
        output: the file descriptor for its output
    """

    def __init__(
        self,
        code: CodeFolders,
        runtime: Path,
        scratch: Path,
        environment: Mapping[str, str],
        output: int,
    ) -> None:
        self._code = code
        self._runtime = runtime
        self._scratch = scratch
        self._environment = environment
        self._output = output
        self._process: asyncio.subprocess.Process | None = None
        self._memory: MemoryWatch | None = None

    async def start(self, runtime_api_port: int) -> None:
        """Start the runtime client with the function's handler."""
        self._scratch.mkdir(parents=True)
        folders = View(self._code.task, self._code.opt, self._runtime, self._scratch)
        runtime = [INTERPRETER, "-S", "-m", "awslambdaric", self._environment["_HANDLER"]]
        command, view = mounted(folders, [*_ending_with_parent(), *runtime])
        self._process = await asyncio.create_subprocess_exec(
            *command,
            env=self._variables(runtime_api_port, view),
            cwd=self._code.task,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,
        )
        self._memory = MemoryWatch(self.pid)

    def _variables(self, port: int, view: View) -> dict[str, str]:
        return {
            **self._environment,
            "AWS_LAMBDA_RUNTIME_API": f"{LOOPBACK}:{port}",
            "HOME": str(view.scratch),
            "LAMBDA_RUNTIME_DIR": str(view.runtime),
            "LAMBDA_TASK_ROOT": str(view.task),
            "LD_LIBRARY_PATH": search_path(view.task, view.task / "lib", view.opt / "lib"),
            # AWS has /opt/bin last, but none of the programs that this machine may have before it.
            "PATH": search_path(view.opt / "bin", "/usr/local/bin", "/usr/bin", "/bin", "/sbin"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": search_path(view.opt / SITE_PACKAGES, view.opt / "python", view.runtime),
            "TMPDIR": str(view.scratch),
        }

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def wait(self) -> str:
        """Wait until it ends and remove what it leaves behind."""
        assert self._process is not None
        status = await self._process.wait()
        if self._memory is not None:
            self._memory.close()
        await asyncio.to_thread(shutil.rmtree, self._scratch, ignore_errors=True)
        self._scratch.with_suffix(".fstab").unlink(missing_ok=True)
        if status >= 0:
            return f"exit status {status}"
        return f"signal: {signal.Signals(-status).name.removeprefix('SIG').lower()}"

    def freeze(self) -> None:
        """Stop the process and its children."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    async def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def most_memory_mb(self) -> int:
        """The highest resident memory; 0 where the system does not report it."""
        return self._memory.most_mb() if self._memory is not None else 0


class MemoryWatch:
    """The highest resident memory of a process. Its file stays open because it is read often."""

    def __init__(self, pid: int) -> None:
        try:
            self._status = os.open(f"/proc/{pid}/status", os.O_RDONLY)
        except OSError:
            self._status = -1

    def most_mb(self) -> int:
        """The memory in MB; 0 where the system does not report it."""
        try:
            status = os.pread(self._status, 4096, 0)
        except OSError:
            return 0
        _, _, most = status.partition(b"VmHWM:")
        return int(most.split(maxsplit=1)[0]) // 1024 if most else 0

    def close(self) -> None:
        if self._status >= 0:
            os.close(self._status)
            self._status = -1


def _ending_with_parent() -> list[str]:
    """End the process with its parent (Linux), so that a killed server leaves no frozen process."""
    return [SETPRIV, "--pdeathsig", "KILL", "--"] if SETPRIV else []
