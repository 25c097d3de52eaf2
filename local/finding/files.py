"""Every file below a folder, read as bytes; what ends in `.gz` is unpacked."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, cast

from local.finding.places import Found, Place, Wanted

CHUNK = 4 * 1024 * 1024


def find_in_files(
    root: Path, servers: Iterable[Path], wanted: Wanted, found: Found, kind: str = "file"
) -> None:
    """Look into the files below `root`. Those below one of `servers` are a server's own.

    These hold what was deleted until the server writes over it: dead rows and the log of PostgreSQL, the
    log of a queue. So they are `remains`, and say nothing of what the server would still give out.
    """
    own = tuple(servers)
    unread = 0
    for path in _files(root):
        try:
            count = _count(path, wanted)
        except (OSError, EOFError, zlib.error):
            unread += 1
            continue
        if count:
            is_servers = any(path.is_relative_to(folder) for folder in own)
            name = str(path.relative_to(root))
            found.places.append(Place("remains" if is_servers else kind, name, count))
    if unread:
        found.left_out.append(f"{unread} files below {root.name} could not be read")


def _files(root: Path) -> Iterator[Path]:
    return (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())


def _count(path: Path, wanted: Wanted) -> int:
    with _opened(path) as file:
        count, before = 0, b""
        while chunk := file.read(CHUNK):
            # What the last chunk ended with is read again, too short to hold the text by itself.
            count += wanted.count_in(before + chunk)
            before = (before + chunk)[-(wanted.longest - 1) :] if wanted.longest > 1 else b""
        return count


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path) if path.suffix == ".gz" else path.open("rb"))
