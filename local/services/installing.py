"""Installs the servers and tools that are missing, with the system's package manager, or says how.

`python -m local.services.installing` installs no server when a Docker engine answers, or when they are
external. A tool is needed by few tests, which are skipped without it, so none is a reason to fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from local.machine.environment import leave_aside
from local.services.native.browser import CHROMIUM
from local.services.native.programs import Program
from local.services.native.prometheus import PROMETHEUS
from local.services.native.servers import missing
from local.services.packages import INSTALL, install_command, package_manager, packages

TOOLS = (
    Program(
        "ffmpeg",
        packages={"apt-get": "ffmpeg", "brew": "ffmpeg", "dnf": "ffmpeg-free", "apk": "ffmpeg"},
    ),
    CHROMIUM,
    PROMETHEUS,
)
POLICY = Path("/usr/sbin/policy-rc.d")
DENY = "#!/bin/sh\nexit 101\n"  # "action not allowed" (Debian's invoke-rc.d interface)


def _may_install(manager: str | None) -> bool:
    """Whether it can be done without asking for a password; Homebrew refuses root."""
    if manager is None:
        return False
    if manager == "brew":
        return os.geteuid() != 0
    return os.geteuid() == 0 or _sudo_needs_no_password()


def _sudo_needs_no_password() -> bool:
    if shutil.which("sudo") is None:
        return False
    return subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0


def _run(command: Sequence[str], manager: str) -> None:
    sudo = [] if os.geteuid() == 0 or manager == "brew" else ["sudo", "-n"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(
        [*sudo, *command],
        check=True,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def _starting_denied(manager: str) -> Iterator[None]:
    """Keep Debian's packages from starting system-wide servers, unless the machine has a policy."""
    if manager != "apt-get" or POLICY.exists():
        yield
        return
    script = f"printf '{DENY}' > {POLICY} && chmod +x {POLICY}".replace("\n", "\\n")
    _run(["/bin/sh", "-c", script], manager)
    try:
        yield
    finally:
        _run(["rm", "-f", str(POLICY)], manager)


def install(programs: Sequence[Program], manager: str, tools: Sequence[Program] = ()) -> None:
    """Install packages; no server of them runs afterwards, now or at the next boot."""
    services = packages([*programs, *(tool for tool in tools if tool.is_service)], manager)
    wanted = [*packages(programs, manager), *packages(tools, manager)]
    if manager == "apt-get":
        _run(["apt-get", "update", "-q"], manager)
    with _starting_denied(manager):
        _run([*INSTALL[manager].split(), *wanted], manager)
    if manager == "apt-get" and services and Path("/run/systemd/system").exists():
        _run(["systemctl", "disable", *services], manager)


def install_where_allowed(tools: Sequence[Program]) -> None:
    """Install those that have a package here, if nobody is asked for a password; or do nothing."""
    manager = package_manager()
    known = [tool for tool in tools if manager in tool.packages]
    if known and manager is not None and _may_install(manager):
        with suppress(subprocess.CalledProcessError):
            install([], manager, known)


def main() -> None:
    """Install what is missing, or print the command and fail."""
    leave_aside(os.environ)
    manager, programs, tools = package_manager(), _missing_servers(), _missing_tools()
    names = ", ".join(program.name for program in (*programs, *tools))
    if not names:
        return
    by_hand = install_command([*programs, *tools])
    if manager is None or not _may_install(manager):
        said = f"Missing: {names}. Install them: {by_hand}"
        if programs:
            sys.exit(said)
        print(said, flush=True)
        return
    print(f"Installing {names}", flush=True)
    try:
        install(programs, manager, tools)
    except subprocess.CalledProcessError as error:
        said = f"{error.stdout}\nThat failed. Install by hand: {by_hand}"
        if programs:
            sys.exit(said)
        print(said, flush=True)


def _missing_tools() -> list[Program]:
    """Those for which the package manager is known to have a package; all without a manager."""
    manager = package_manager()
    return [
        each
        for each in TOOLS
        if each.find() is None and (manager is None or manager in each.packages)
    ]


def _missing_servers() -> list[Program]:
    kind = os.environ.get("LOCAL_SERVICES")
    programs = [server.program for server in missing()]
    if kind in ("docker", "external") or (programs and not kind and _engine_answers()):
        return []
    return programs


def _engine_answers() -> bool:
    from local.services.docker.engine import answers

    return answers()


if __name__ == "__main__":
    main()
