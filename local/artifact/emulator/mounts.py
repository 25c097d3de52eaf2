"""Gives a process Lambda's file system, where this machine allows mounts.

On Linux, as root or with user namespaces, a process gets its own mount namespace: `/var/task`,
`/var/runtime` and `/opt` are read-only, and `/tmp` is its own. Elsewhere the process sees the unpacked
folders. File modes protect them (not from root), and `TMPDIR` names a folder of its own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

COVERED = ("/var", "/opt", "/tmp", "/mnt")  # noqa: S108 - the names, not files
# The sources are bound into a staging file system first, because a new mount may hide the folder
# that holds them. One `mount -a` makes all mounts: one program per mount would take three times as
# long. `-n` keeps the mounts out of the machine's own table, which would grow with each environment.
TABLE = """
lambda /mnt tmpfs mode=755 0 0
{task} /mnt/var/task none bind,ro,x-mount.mkdir 0 0
{runtime} /mnt/var/runtime none bind,ro,x-mount.mkdir 0 0
{opt} /mnt/opt none bind,ro,x-mount.mkdir 0 0
{scratch} /mnt/tmp none bind,x-mount.mkdir 0 0
/mnt/var /var none rbind 0 0
/mnt/opt /opt none bind 0 0
/mnt/tmp /tmp none bind 0 0
"""
SCRIPT = 'mount -n -a -T "$0" && cd /var/task && exec "$@"'
WAYS = (
    ("unshare", "--mount"),
    ("unshare", "--user", "--map-root-user", "--mount"),
)


@dataclass(frozen=True)
class View:
    """Where a process finds its code, its layers, the runtime and its scratch folder."""

    task: Path
    opt: Path
    runtime: Path
    scratch: Path


LAMBDAS = View(Path("/var/task"), Path("/opt"), Path("/var/runtime"), Path("/tmp"))  # noqa: S108


def mounted(folders: View, command: Sequence[str]) -> tuple[list[str], View]:
    """The command in a mount namespace and its view there; both unchanged where that is impossible."""
    prefix = possible_way()
    if prefix is None:
        return list(command), folders
    table = folders.scratch.with_suffix(".fstab")
    _write_table(table, folders)
    return [*prefix, "sh", "-c", SCRIPT, str(table), *command], LAMBDAS


def _write_table(table: Path, folders: View) -> None:
    r"""Write a mount table with mount's own quoting: a space in a path is `\040`."""
    names = {name: str(path).replace(" ", "\\040") for name, path in vars(folders).items()}
    table.write_text(TABLE.format(**names))


@cache
def possible_way() -> tuple[str, ...] | None:
    """How this machine can give a process its own mounts; `None` when it cannot."""
    interpreter = Path(sys.base_prefix).resolve()
    hidden = any(interpreter.is_relative_to(folder) for folder in COVERED)
    if hidden or not (shutil.which("unshare") and shutil.which("mount")):
        return None
    return next((way for way in WAYS if _works(way)), None)


def _works(way: tuple[str, ...]) -> bool:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = folder / "fstab"
        _write_table(table, View(folder, folder, folder, folder))
        command = [*way, "sh", "-c", SCRIPT, str(table), "true"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
