"""Finds and ends the processes that the harness started, and no others.

A process is ours when its pid and start time were recorded, when it carries the marker
variable in its environment, or when it is a known server that lives in our data folder.
The last two find what a harness that was killed could not record.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from local.machine.credentials import write_private
from local.machine.log_file import open_log

MARKER = "FINTEGRATE_LOCAL_PROCESS"
SERVERS = (
    "postgres",
    "redis-server",
    "rclone",
    "beam.smp",
    "epmd",
    "erl_child_setup",
    "inet_gethost",
)
CLOCK_TOLERANCE_SECONDS = 2.0
POLL_SECONDS = 0.02
REAP_SECONDS = 3.0
STOP_SECONDS = 10.0
# The marker is set for the server alone: the shell that waits for it must not die with it.
LAUNCH = f'( {MARKER}="$0" "$@" >&2 </dev/null & echo $!; exec >&2; wait ) &'


@dataclass(frozen=True)
class Account:
    """A system user to run a server as; `None` ids mean the caller's own."""

    uid: int | None = None
    gid: int | None = None


class Family:
    """All processes of one server: the one that was started and what it started itself.

    Args:
        marker: the value of the marker variable, unique to checkout and server
        home: the server's private data folder
        record: the file that remembers pid and start time
    """

    def __init__(self, marker: str, home: Path, record: Path) -> None:
        self.marker = marker
        self.home = home
        self.record = record

    def launch(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        account: Account = Account(),
        folder: Path | None = None,
        keep_open: Collection[int] = (),
    ) -> None:
        """Start a server that outlives this process, in its own session, output into the log.

        A shell stays behind as its parent: it reaps the server the moment it dies, which the
        first process of a container may never do, and a dead pid that still exists makes
        PostgreSQL refuse to start. Our Ctrl-C reaches neither of them.

        Args:
            folder: where it starts, by default its data folder
            keep_open: descriptors that it inherits
        """
        with os.fdopen(open_log(log), "ab") as output:
            started = subprocess.run(
                ["/bin/sh", "-c", LAUNCH, self.marker, *command],
                env=dict(environment),
                cwd=folder or self.home,
                pass_fds=keep_open,
                stdout=subprocess.PIPE,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                user=account.uid,
                group=account.gid,
                extra_groups=None if account.uid is None else [],
                check=True,
                text=True,
            )
        self._remember(int(started.stdout))

    def _remember(self, pid: int) -> None:
        try:
            started_at = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            return
        write_private(self.record, json.dumps({"pid": pid, "started_at": started_at}))

    def leader(self) -> psutil.Process | None:
        """The server itself, or `None` when it does not run."""
        recorded = self._recorded()
        if recorded:
            return recorded
        members = self.members()
        pids = {member.pid for member in members}
        return next((m for m in members if _parent(m) not in pids and not _is_epmd(m)), None)

    def _recorded(self) -> psutil.Process | None:
        try:
            record = json.loads(self.record.read_text())
            process = psutil.Process(record["pid"])
            same = abs(process.create_time() - record["started_at"]) < CLOCK_TOLERANCE_SECONDS
        except (FileNotFoundError, psutil.NoSuchProcess):
            return None
        return process if same and _is_alive(process) else None

    def members(self) -> list[psutil.Process]:
        """Every live process of the server, found by what it carries, not by what we recorded."""
        recorded = self._recorded()
        family = {recorded.pid: recorded} if recorded else {}
        for process in psutil.process_iter():
            if process.pid != os.getpid() and _is_alive(process) and self._is_ours(process):
                family[process.pid] = process
        return list(family.values())

    def _is_ours(self, process: psutil.Process) -> bool:
        return _environment(process).get(MARKER) == self.marker or (
            _name(process) in SERVERS and _folder(process).is_relative_to(self.home)
        )

    def stop(self, graceful: signal.Signals, within: float) -> None:
        """Ask the server to end, wait that many seconds, then kill what is left of its family."""
        leader = self.leader()
        if leader is not None:
            _signal([leader], signal.SIGCONT)
            _signal([leader], graceful)
            _wait_gone([leader], within)
        self.kill(leader)

    def kill(self, leader: psutil.Process | None = None, within: float = 10) -> None:
        """End the whole family at once with SIGKILL, as a crash would, and wait for its end."""
        leader = leader or self.leader()
        while members := self.members():
            _signal(members, signal.SIGKILL)
            if alive := _wait_gone(members, within):
                raise RuntimeError(f"Processes {[p.pid for p in alive]} survive SIGKILL")
        if leader is not None:
            _wait_reaped(leader)
        self.record.unlink(missing_ok=True)

    def pause(self) -> None:
        """Freeze the whole family: connections stay open and get no answer.

        Returns once all stand still. On a busy machine a signal reaches a process's threads late, and
        until then they answer.
        """
        members = self.members()
        _signal(members, signal.SIGSTOP)
        if running := _left(members, _runs, STOP_SECONDS):
            raise RuntimeError(f"Processes {[p.pid for p in running]} survive SIGSTOP")

    def resume(self) -> None:
        """Let a paused family run on."""
        _signal(self.members(), signal.SIGCONT)


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


def _wait_gone(processes: list[psutil.Process], within: float) -> list[psutil.Process]:
    """Those that still live after that many seconds.

    A zombie counts as gone: it holds no port and no file.
    """
    return _left(processes, _is_alive, within)


def _left(
    processes: Iterable[psutil.Process], state: Callable[[psutil.Process], bool], within: float
) -> list[psutil.Process]:
    """Those that are still in a state after that many seconds."""
    deadline = time.monotonic() + within
    while (left := [p for p in processes if state(p)]) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return left


def _wait_reaped(process: psutil.Process) -> None:
    """Wait a moment until the pid of a dead process is free as well."""
    deadline = time.monotonic() + REAP_SECONDS
    while process.is_running() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD))
    except psutil.Error:
        return False


def _runs(process: psutil.Process) -> bool:
    """Whether it is alive and not stopped."""
    try:
        stopped_or_dead = (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
        return bool(process.status() not in stopped_or_dead)
    except psutil.Error:
        return False


def _is_epmd(process: psutil.Process) -> bool:
    return _name(process) == "epmd"


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.Error:
        return ""


def _parent(process: psutil.Process) -> int | None:
    try:
        return int(process.ppid())
    except psutil.Error:
        return None


def _environment(process: psutil.Process) -> dict[str, str]:
    """What the process was started with; empty for other users' processes."""
    try:
        return dict(process.environ())
    except (psutil.Error, OSError):
        return {}


def _folder(process: psutil.Process) -> Path:
    try:
        return Path(process.cwd() or "/")
    except (psutil.Error, OSError):
        return Path("/")
