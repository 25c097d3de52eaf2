"""Files of JSON lines, gzipped: made in memory, written to a bucket, read back and compared.

The same lines make the same bytes, so the same file. Leaves to others which lines a file has, and what
may be done once a file was compared.
"""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fintegrate.storage.store import Store

CONTENT_TYPE = "application/gzip"
FILE_BYTES = 8 * 1024 * 1024
"""A file is full when its lines have so many bytes. The last page of lines may exceed it."""
MOST_BYTES = 64 * 1024 * 1024
"""The most that a file may have as it is stored: far more than lines that are full make."""


class Differs(Exception):
    """What the store gives back is not what was written, or nothing."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that is ready to be stored."""

    lines: int
    body: bytes = field(repr=False)
    sha256: str
    """Of `body`, in hexadecimal digits."""
    content_sha256: str
    """Of the lines, each with its newline."""


class Lines:
    """Collects the lines of one file; holds them gzipped."""

    def __init__(self) -> None:
        self.count = 0
        self.bytes = 0
        self._made = io.BytesIO()
        # Without a time and a name, so that the same lines make the same bytes.
        self._gzip = gzip.GzipFile(filename="", mode="wb", fileobj=self._made, mtime=0)
        self._content = hashlib.sha256()

    @property
    def is_full(self) -> bool:
        return self.bytes >= FILE_BYTES

    def add(self, lines: Iterable[str]) -> None:
        """Add lines, each a JSON text without a newline in it."""
        for line in lines:
            text = f"{line}\n".encode()
            self._gzip.write(text)
            self._content.update(text)
            self.count += 1
            self.bytes += len(text)

    def file(self) -> File:
        """The file of these lines. Nothing can be added afterwards."""
        self._gzip.close()
        body = self._made.getvalue()
        return File(self.count, body, digest(body), self._content.hexdigest())


def digest(body: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(body).hexdigest()


def store_compared(store: Store, key: str, body: bytes, content_type: str = CONTENT_TYPE) -> str:
    """Write an object, read it back and compare; returns the hash of what was read.

    Raises:
        Differs: the store gives back something else.
        StoreAway: the store does not answer.
    """
    store.put(key, body, content_type)
    found = store.get(key)
    if found is None or digest(found) != digest(body):
        raise Differs(f"what was read back of {key} is not what was written")
    return digest(found)


def lines_of(body: bytes, sha256: str) -> Iterator[str]:
    """The lines of a stored file, one by one.

    Raises:
        Differs: the file has another hash.
    """
    if digest(body) != sha256:
        raise Differs("a stored file is not the one that was written")
    with gzip.open(io.BytesIO(body), "rt", encoding="utf-8", newline="\n") as text:
        for line in text:
            yield line.removesuffix("\n")
