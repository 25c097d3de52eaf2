"""Unpacks the artifact's zips as Lambda does: read-only, and once per content.

The sandboxes decide what runs in the folders.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.artifact.package.template import FunctionSpec


@dataclass(frozen=True)
class CodeFolders:
    """The folders that a function sees as `/var/task` and `/opt`."""

    task: Path
    opt: Path


def unpack(spec: FunctionSpec, store: Path) -> CodeFolders:
    """Unpack a function's code. Functions with the same zips share folders.

    Args:
        store: holds the folders, each named after its content
    """
    return CodeFolders(_folder([spec.code], store), _folder(spec.layers, store))


def _folder(archives: Sequence[Path], store: Path) -> Path:
    """All archives in one folder. A later archive overwrites files of an earlier one, as layers do."""
    digest = hashlib.sha256()
    for archive in archives:
        digest.update(archive.read_bytes())
    folder = store / digest.hexdigest()[:16]
    if folder.exists():
        os.utime(folder)  # pruning removes what has an old time
        return folder
    unfinished = store / f"{folder.name}.{os.getpid()}"
    unfinished.mkdir(parents=True)
    for archive in archives:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(unfinished)
    _forbid_writing(unfinished)
    try:
        unfinished.rename(folder)
    except OSError:  # another server unpacked the same files meanwhile
        shutil.rmtree(unfinished)
    return folder


def _forbid_writing(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
