"""Finishes the layer that Chalice made: compiled code and Chalice's runtime go into it.

A function's file system is read-only in AWS, so what is not compiled here is compiled again in
every cold start. The compiled files are valid whatever the sources' times are (PEP 552,
unchecked), which is right for files that never change. Chalice's own runtime moves from
the bundle to the layer: it changes as rarely as the other packages do.
"""

from __future__ import annotations

import compileall
import hashlib
import py_compile
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

SITE_PACKAGES = f"python/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
MOVED = "chalice/"
CACHE = "__pycache__"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same content makes the same zip


def finish(bundle: Path, layer: Path, store: Path) -> None:
    """Rewrite both zips in place; a layer that was finished before is taken from the store."""
    digest = hashlib.sha256(Path(__file__).read_bytes() + layer.read_bytes())
    with zipfile.ZipFile(bundle) as packed:
        for name in _moved(packed):
            digest.update(packed.read(name))
        finished = store / f"{digest.hexdigest()[:24]}.zip"
        if not finished.exists():
            _make(packed, layer, finished)
    shutil.copyfile(finished, layer)
    _drop_moved(bundle)


def _moved(bundle: zipfile.ZipFile) -> list[str]:
    return sorted(name for name in bundle.namelist() if name.startswith(MOVED))


def _make(bundle: zipfile.ZipFile, layer: Path, finished: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with zipfile.ZipFile(layer) as packed:
            packed.extractall(folder)
        bundle.extractall(folder / SITE_PACKAGES, _moved(bundle))
        compiled(folder, finished)


def compiled(folder: Path, archive: Path) -> None:
    """Compile a folder that will be `/opt` and pack it."""
    compileall.compile_dir(
        folder,
        quiet=1,
        stripdir=str(folder),
        prependdir="/opt",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    archive.parent.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_suffix(".new")
    _zip(((path.relative_to(folder).as_posix(), path) for path in _files(folder)), unfinished)
    unfinished.replace(archive)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _zip(entries: Iterator[tuple[str, Path]], archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as packed:
        for name, path in entries:
            packed.writestr(_entry(name), path.read_bytes(), compresslevel=9)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, LONG_AGO)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o100644 << 16
    return entry


def _drop_moved(bundle: Path) -> None:
    unfinished = bundle.with_suffix(".new")
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(unfinished, "w") as new:
        for name in sorted(set(old.namelist()) - set(_moved(old))):
            if CACHE in name:  # of the interpreter that ran the sources, invalid elsewhere
                continue
            new.writestr(_entry(name), old.read(name), compresslevel=9)
    unfinished.replace(bundle)
