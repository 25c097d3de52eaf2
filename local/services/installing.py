"""Installs the servers that are missing, with the system's package manager, or says how.

`python -m local.services.installing` does nothing when a Docker engine answers, when the servers are
external, or when they are installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from local.machine.environment import leave_aside
from local.services.native.programs import Program
from local.services.native.servers import missing
from local.services.packages import INSTALL, install_command, package_manager, packages

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


def install(programs: Sequence[Program], manager: str) -> None:
    """Install packages; no server of them runs afterwards, now or at the next boot."""
    wanted = packages(programs, manager)
    if manager == "apt-get":
        _run(["apt-get", "update", "-q"], manager)
    with _starting_denied(manager):
        _run([*INSTALL[manager].split(), *wanted], manager)
    if manager == "apt-get" and Path("/run/systemd/system").exists():
        _run(["systemctl", "disable", *wanted], manager)


def main() -> None:
    """Install what is missing, or print the command and fail."""
    leave_aside(os.environ)
    if os.environ.get("LOCAL_SERVICES") in ("docker", "external"):
        return
    servers = missing()
    programs = [server.program for server in servers]
    names = ", ".join(server.name for server in servers)
    if not servers or (not os.environ.get("LOCAL_SERVICES") and _engine_answers()):
        return
    manager = package_manager()
    if manager is None or not _may_install(manager):
        sys.exit(f"Missing: {names}. Install them: {install_command(programs)}")
    print(f"Installing {names}", flush=True)
    try:
        install(programs, manager)
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error.stdout}\nThat failed. Install by hand: {install_command(programs)}")


def _engine_answers() -> bool:
    from local.services.docker.engine import answers

    return answers()


if __name__ == "__main__":
    main()
