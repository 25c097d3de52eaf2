"""Unpacks the artifact's zips as Lambda does: read-only, and once per content.

The sandboxes decide what runs in the folders.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Callable, Sequence
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
    return CodeFolders(unpacked(spec.code, store), _joined(spec.layers, store))


def _joined(archives: Sequence[Path], store: Path) -> Path:
    """All layers in one folder. A later one overwrites files of an earlier one.

    The files are links to those of each layer, so a layer that did not change is not unpacked again.
    """
    folders = [unpacked(archive, store) for archive in archives]
    if len(folders) == 1:
        return folders[0]

    def fill(unfinished: Path) -> None:
        for folder in folders:
            for path in folder.rglob("*"):
                if path.is_file():
                    link = unfinished / path.relative_to(folder)
                    link.parent.mkdir(parents=True, exist_ok=True)
                    link.unlink(missing_ok=True)
                    link.hardlink_to(path)

    return _once(" ".join(folder.name for folder in folders).encode(), fill, store)


def unpacked(archive: Path, store: Path) -> Path:
    """The folder with an archive's files. Only programs may be run."""

    def fill(unfinished: Path) -> None:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(unfinished)
            for entry in packed.infolist():
                if not entry.is_dir():
                    may_run = entry.external_attr >> 16 & 0o111
                    (unfinished / entry.filename).chmod(0o555 if may_run else 0o444)

    return _once(archive.read_bytes(), fill, store)


def _once(content: bytes, fill: Callable[[Path], None], store: Path) -> Path:
    """The folder of this content, which is filled if it is not there."""
    folder = store / hashlib.sha256(content).hexdigest()[:16]
    if folder.exists():
        os.utime(folder)  # pruning removes what has an old time
        return folder
    unfinished = store / f"{folder.name}.{os.getpid()}"
    unfinished.mkdir(parents=True)
    fill(unfinished)
    try:
        unfinished.rename(folder)
    except OSError:  # another server unpacked the same files meanwhile
        shutil.rmtree(unfinished)
    return folder
