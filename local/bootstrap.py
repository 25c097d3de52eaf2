"""Makes the virtualenv and installs the packages, then lets it see to the servers.

Runs on a bare Python, so it imports the standard library only. Does nothing, quickly, when
the requirements are those that were installed last.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
LINKS = (
    *(".chalice/config.json", "chalicelib"),
    *("vendor/fintegrate", "vendor/fintegrate_sql", "vendor/fintegrate_browser"),
)
NO_LINKS = """\
{missing} must be a symbolic link, and is none. Git makes links after this (on Windows: in WSL, or with
developer mode on), an archive must be unpacked by a program that makes them:
  git config core.symlinks true && git checkout -- {links}"""
ELSEWHERE = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")


def wanted() -> str:
    """What an up-to-date virtualenv was made from."""
    digest = hashlib.sha256()
    for name in REQUIREMENTS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def is_current() -> bool:
    """Whether the packages that are wanted now were installed completely."""
    return STAMP.exists() and STAMP.read_text() == wanted()


def runs(command: Sequence[Path | str]) -> bool:
    """Whether a command succeeds."""
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def check_links() -> None:
    """Leave with a sentence where Git or an unpacker wrote text files in place of links."""
    for name in LINKS:
        if not (ROOT / name).is_symlink():
            sys.exit(NO_LINKS.format(missing=name, links=" ".join(LINKS)))


def pip_environment(caller: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment, in which pip installs into the virtualenv and nowhere else."""
    kept = {name: value for name, value in caller.items() if name not in ELSEWHERE}
    return {**kept, "PIP_USER": "0"}


def make_virtualenv() -> None:
    """Create the virtualenv anew unless it is one; needs `ensurepip`, which Debian splits off."""
    if PYTHON.exists() and runs([PYTHON, "-m", "pip", "--version"]):
        return
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        install_venv_package()
    print(f"Making .venv with Python {sys.version.split()[0]}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)


def install_venv_package() -> None:
    """Install Debian's package with `venv`, or say how and leave."""
    command = f"apt-get install -y python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit(f"Python's venv module is incomplete. Install it: sudo {command}")
    subprocess.run(["apt-get", "update", "-q"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(command.split(), check=True, stdout=subprocess.DEVNULL)


def install_packages() -> None:
    """Install the pinned packages; the stamp is written last, so an interrupted run is repeated."""
    print("Installing the packages of requirements-dev.txt", flush=True)
    pip: list[str | Path] = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    subprocess.run(
        [*pip, "-r", ROOT / "requirements-dev.txt"], check=True, env=pip_environment(os.environ)
    )
    STAMP.write_text(wanted())


def main() -> None:
    """Bring the virtualenv up to date and go on in it."""
    check_links()
    try:
        if not is_current():
            make_virtualenv()
            install_packages()
    except subprocess.CalledProcessError as error:
        sys.exit(f"`{' '.join(map(str, error.cmd))}` failed; see above")
    os.chdir(ROOT)
    os.execv(PYTHON, [str(PYTHON), "-m", "local.services.installing"])  # noqa: S606


if __name__ == "__main__":
    main()
