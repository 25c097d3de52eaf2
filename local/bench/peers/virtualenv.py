"""The peers' virtualenv under `.local/`: made on first use, made again when its list changes.

It is separate from the project's own, because a peer's needs must not change our packages.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from local.machine.checkout import ROOT, Checkout

REQUIREMENTS = ROOT / "requirements-peers.txt"


class PeersMissing(RuntimeError):
    """The peers' packages could not be installed. The text gives the command to run by hand."""


def peers_python(checkout: Checkout) -> Path:
    """The interpreter of the peers' virtualenv.

    Raises:
        PeersMissing: the packages could not be installed.
    """
    folder = checkout.folder("peers")
    python, stamp = folder / "venv" / "bin" / "python", folder / "installed"
    wanted = f"{sys.version}\n{REQUIREMENTS.read_text(encoding='utf-8')}"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        print("Installing the packages of requirements-peers.txt", flush=True)
        _run([sys.executable, "-m", "venv", "--clear", str(folder / "venv")])
        pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([str(python), *pip, "-r", str(REQUIREMENTS)])
        stamp.write_text(wanted, encoding="utf-8")
    return python


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, env={**os.environ, "PIP_USER": "0"})
    if done.returncode:
        raise PeersMissing(f"`{' '.join(command)}` failed; see above")
