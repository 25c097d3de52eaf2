"""`make` on machines that are set up in unusual ways."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from local import bootstrap
from local.machine.checkout import ROOT


def test_checkout_without_links_is_explained(tmp_path: Path) -> None:
    (tmp_path / "local").mkdir()
    shutil.copy(ROOT / "local" / "bootstrap.py", tmp_path / "local")
    for link in bootstrap.LINKS:
        (tmp_path / link).parent.mkdir(exist_ok=True)
        (tmp_path / link).write_text("functions")

    done = subprocess.run(
        [sys.executable, str(tmp_path / "local" / "bootstrap.py")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "must be a symbolic link" in done.stderr
    assert "git config core.symlinks true" in done.stderr


def test_every_link_is_checked() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in (ROOT, ROOT / ".chalice", ROOT / "vendor")
        for path in folder.iterdir()
        if path.is_symlink() and path.name != ".venv"
    }

    assert found == set(bootstrap.LINKS)


def test_pip_installs_into_the_virtualenv() -> None:
    caller = {"PIP_USER": "1", "PIP_TARGET": "/elsewhere", "PIP_INDEX_URL": "https://index"}

    environment = bootstrap.pip_environment(caller)

    assert environment == {"PIP_USER": "0", "PIP_INDEX_URL": "https://index"}


def test_exported_name_is_no_bank() -> None:
    of_outer_make = ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "ARGS")
    environment = {name: value for name, value in os.environ.items() if name not in of_outer_make}
    done = subprocess.run(
        ["make", "--dry-run", "consumer"],
        cwd=ROOT,
        env={**environment, "NAME": "DESKTOP-ABC123"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "say whose queue: make consumer NAME=first_bank" in done.stderr


def test_compiled_modules_are_kept(tmp_path: Path) -> None:
    """A machine's environment may forbid it; then every process of a run compiles them anew."""
    (tmp_path / "Makefile").write_text("include Makefile\nenvironment:\n\t@env\n")
    done = subprocess.run(
        ["make", "-f", str(tmp_path / "Makefile"), "environment"],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "KEPT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "KEPT=1" in done.stdout.splitlines()
    assert "PYTHONDONTWRITEBYTECODE=1" not in done.stdout
