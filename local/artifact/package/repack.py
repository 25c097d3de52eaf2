"""Finishes what Chalice made: a layer with compiled code and Chalice's runtime, and a small bundle.

A function's file system is read-only in AWS. Code that is not compiled here would be compiled in every
cold start. The compiled files are valid whatever the time stamps of their sources (PEP 552,
unchecked), which is right for files that never change. Chalice's own runtime moves from the bundle to
the layer, because it changes as rarely as the other packages.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from fintegrate.packed_modules import FILE
from local.artifact.package.shorten import shortened
from local.artifact.package.sources import CACHE, LINKED

SITE_PACKAGES = f"python/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
COMPILE = (
    *(sys.executable, "-S", "-m", "compileall"),
    *("-q", "--invalidation-mode", "unchecked-hash"),
)
MOVED = "chalice/"
CODE = "chalicelib/"
INIT = f"{CODE}__init__.py"
MODULES = FILE
"""`INIT` has the modules looked for in it."""
OF_SYSTEMS = (CODE, *(f"{SITE_PACKAGES}/{Path(name).name}/" for name in LINKED))
"""The places in the bundle and in the layer that have one folder per system."""
_FOR_TEXT = {
    "id": lzma.FILTER_LZMA2,
    "preset": 9 | lzma.PRESET_EXTREME,
    "lc": 4,
    "lp": 0,
    "pb": 0,
}
"""Four bits of the byte before count as its context, and no alignment does (xz(1))."""
LONG_AGO = (1980, 1, 1, 0, 0, 0)


def finish(
    bundle: Path,
    layer: Path,
    store: Path,
    others: Sequence[str] = (),
    unused: Sequence[str] = (),
) -> None:
    """Rewrite both zips in place. A layer that was finished before is taken from the store.

    Args:
        others: other systems; their folders are left out
        unused: packages that are left out of the layer
    """
    left_out = (
        *(f"{place}{other}/" for place in OF_SYSTEMS for other in others),
        *(f"{SITE_PACKAGES}/{name}{end}" for name in unused for end in ("/", "-", ".")),
    )
    with zipfile.ZipFile(bundle) as code, zipfile.ZipFile(layer) as packages:
        moved = [each for each in code.infolist() if each.filename.startswith(MOVED)]
        kept = [each for each in packages.infolist() if not each.filename.startswith(left_out)]
        finished = store / f"{_digest([*moved, *kept])}.zip"
        if not finished.exists():
            with tempfile.TemporaryDirectory() as folder:
                packages.extractall(folder, kept)
                code.extractall(Path(folder, SITE_PACKAGES), moved)
                compiled(Path(folder), finished)
    os.utime(finished)  # pruning removes what has an old time
    shutil.copyfile(finished, layer)
    _pack(bundle, (MOVED, *left_out))


def _digest(entries: Sequence[zipfile.ZipInfo]) -> str:
    """A hash of everything from which the finished layer is made."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name, checksum in sorted((each.filename, each.CRC) for each in entries):
        digest.update(f"{name} {checksum}\0".encode())
    return digest.hexdigest()[:24]


def compiled(folder: Path, archive: Path) -> None:
    """Compile a folder that will be `/opt` and pack it.

    A process of its own compiles: the bytes depend on the seed of hashes (the order of a constant set)
    and on which texts the process holds already.
    """
    subprocess.run(
        [*COMPILE, "-s", str(folder), "-p", "/opt", str(folder)],
        env={"PYTHONHASHSEED": "0"},
        check=False,  # a package may hold a file for another Python
        capture_output=True,
    )
    archive.parent.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_suffix(f".{os.getpid()}.new")  # another process may make the same one
    _zip(((path.relative_to(folder).as_posix(), path) for path in _files(folder)), unfinished)
    unfinished.replace(archive)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _zip(entries: Iterator[tuple[str, Path]], archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as packed:
        for name, path in entries:
            packed.writestr(entry(name), path.read_bytes(), compresslevel=9)


def entry(name: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    """A file in an archive, with a fixed time: the same content makes the same archive."""
    made = zipfile.ZipInfo(name, LONG_AGO)
    made.compress_type = zipfile.ZIP_DEFLATED
    made.external_attr = mode << 16
    return made


def _likeness(module: tuple[str, str]) -> tuple[bool, bool, bool, str]:
    """Brings modules that are alike together. It saves one byte in seventy."""
    name, text = module
    return name.endswith(".sql"), name.endswith("models.py"), "@endpoint" in text, name


def _pack(bundle: Path, left_out: tuple[str, ...]) -> None:
    """Pack the bundle again, without these files and without what running the sources left in it.

    The modules become one file, which compresses better than many (`fintegrate.packed_modules`). Older
    sources, to which a stage is rolled back, do not look into it.
    """
    unfinished = bundle.with_suffix(".new")
    modules: dict[str, str] = {}
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(unfinished, "w") as new:
        looked_into = b"find_packed" in old.read(INIT)
        for name in sorted(old.namelist()):
            if CACHE in name or name.startswith(left_out):
                continue
            if looked_into and name.startswith(CODE) and name != INIT:
                modules[name.removeprefix(CODE)] = shortened(name, old.read(name).decode())
            else:
                new.writestr(entry(name), old.read(name), compresslevel=9)
        if modules:
            alike = dict(sorted(modules.items(), key=_likeness))
            text = json.dumps(alike, ensure_ascii=False, separators=(",", ":"))
            packed = lzma.compress(text.encode(), check=lzma.CHECK_CRC32, filters=[_FOR_TEXT])
            new.writestr(entry(f"{CODE}{MODULES}"), packed, compresslevel=9)
    unfinished.replace(bundle)
