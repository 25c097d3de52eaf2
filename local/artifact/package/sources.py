"""Finds the files of one system's package: all sources except those of other systems.

A system's folders have its name: `functions/<system>`, `sql/<system>`, and `browser/<system>` if it
has pages. The folders of the console belong to systems with sessions
(`functions/<system>/sessions.py`). A system's functions in AWS are described in
`infra/systems/<system>.yaml`. This module reads names only and imports no source.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

SOURCES = (
    *("app.py", "chalice.json", "requirements.txt", "requirements-ffmpeg.txt"),
    *("functions", "layers", "sql", "browser", "vendor"),
)
LINKED = ("vendor/fintegrate_sql", "vendor/fintegrate_browser")
"""Links in the layer to folders with one folder per system."""
INFRA = Path("infra", "systems")
COMMON = INFRA / "common.yaml"
CACHE = "__pycache__"
CONSOLE = "console"


def other_systems(root: Path, system: str) -> tuple[str, ...]:
    """The systems whose folders this system's package leaves out."""
    found = (file.parent.name for file in root.glob("functions/*/system.py"))
    return tuple(sorted(name for name in found if name != system))


def left_out_of(root: Path, system: str) -> tuple[str, ...]:
    """The names of the folders that a system's package leaves out."""
    has_console = (root / "functions" / system / "sessions.py").is_file()
    return (*other_systems(root, system), *(() if has_console else (CONSOLE,)))


def infra_file(system: str) -> Path:
    """The file that says what the system's functions need in AWS."""
    return INFRA / f"{system}.yaml"


def source_files(root: Path, system: str) -> Iterator[Path]:
    """Every file of which this system's package is made."""
    left_out = {
        root / folder / other
        for other in left_out_of(root, system)
        for folder in ("functions", "sql", "browser", *LINKED)
    }
    for name in (*SOURCES, COMMON, infra_file(system)):
        source = root / name
        for file in [source] if source.is_file() else sorted(files_below(source)):
            if not left_out & {*file.parents}:
                yield file


def files_below(folder: Path) -> Iterator[Path]:
    """The files of a folder and its folders, without compiled ones, which may come and go meanwhile."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != CACHE]
        yield from (Path(place, name) for name in names)
