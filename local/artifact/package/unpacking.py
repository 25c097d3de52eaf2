"""Unpacks the artifact's zips as Lambda does, once per content, for reading only.

Leaves what runs in the folders to the sandboxes.
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
    """What a function sees as `/var/task` and `/opt`."""

    task: Path
    opt: Path


def unpack(spec: FunctionSpec, store: Path) -> CodeFolders:
    """The unpacked code of a function; functions with the same zips share folders.

    Args:
        store: where the folders lie, each named after its content
    """
    return CodeFolders(_folder([spec.code], store), _folder(spec.layers, store))


def _folder(archives: Sequence[Path], store: Path) -> Path:
    """All archives in one folder, later ones over earlier ones, as layers are laid."""
    digest = hashlib.sha256()
    for archive in archives:
        digest.update(archive.read_bytes())
    folder = store / digest.hexdigest()[:16]
    if folder.exists():
        os.utime(folder)  # so that pruning knows that it is used
        return folder
    unfinished = store / f"{folder.name}.{os.getpid()}"
    unfinished.mkdir(parents=True)
    for archive in archives:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(unfinished)
    _forbid_writing(unfinished)
    try:
        unfinished.rename(folder)
    except OSError:  # another server unpacked the same at the same time
        shutil.rmtree(unfinished)
    return folder


def _forbid_writing(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
