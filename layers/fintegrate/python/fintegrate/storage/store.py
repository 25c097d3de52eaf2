"""The few calls that functions need of a bucket: look, put, get, delete, and multipart uploads.

Each call is a presigned URL, used at once. They go out by `fintegrate.outgoing`: it keeps connections
and a deadline, and is imported in a tenth of the time that boto3 takes. It holds objects in memory, so
large ones are moved by boto3 (`fintegrate.storage.transfer`). Every call may be repeated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

from fintegrate.errors import Unavailable
from fintegrate.storage.signing import Signed, Signer

if TYPE_CHECKING:
    from fintegrate.outgoing.client import Pool
    from fintegrate.outgoing.exchange import Answer

CALL_SECONDS = 60
_UPLOAD_ID = re.compile(rb"<UploadId>([^<]+)</UploadId>")
_CODE = re.compile(rb"<Code>([^<]+)</Code>")
NOT_FOUND = 404


class StoreAway(Unavailable):
    """The store does not answer, or not as it should."""

    def __init__(self) -> None:
        super().__init__("The object store cannot be reached; try again shortly")


class Found(NamedTuple):
    """An object, as the store describes it."""

    size_bytes: int
    content_type: str
    etag: str


class Part(NamedTuple):
    """A part of a multipart upload, as the uploader names it."""

    number: int
    etag: str


class PartsRefused(Exception):
    """The store does not make an object of these parts; `code` is its word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Store:
    """Calls to one bucket. Errors of every call: `StoreAway`."""

    signer: Signer
    pool: Pool

    def look(self, key: str) -> Found | None:
        """What is at this key."""
        keep = frozenset({"content-length", "etag"})
        answer = self._call("HEAD", key, keep=keep)
        if answer.status == NOT_FOUND:
            return None
        self._expect(answer, 200)
        said = answer.headers
        return Found(
            int(said.get("content-length", "0")),
            said.get("content-type", ""),
            said.get("etag", "").strip('"'),
        )

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Write an object. Twice is the same."""
        said = {"content-type": content_type}
        self._expect(self._call("PUT", key, headers=said, body=body), 200)

    def get(self, key: str) -> bytes | None:
        """Read an object, if there is one. It must fit into what `store_of` was told."""
        answer = self._call("GET", key)
        if answer.status == NOT_FOUND:
            return None
        self._expect(answer, 200)
        if not answer.is_whole:
            raise StoreAway
        return answer.body

    def delete(self, key: str) -> None:
        """Remove what is at this key, if anything."""
        self._expect(self._call("DELETE", key), 200, 204, NOT_FOUND)

    def begin_parts(self, key: str, content_type: str) -> str:
        """Begin a multipart upload; returns the store's name of it."""
        answer = self._call(
            "POST", key, query={"uploads": ""}, headers={"content-type": content_type}
        )
        self._expect(answer, 200)
        found = _UPLOAD_ID.search(answer.body)
        if found is None:
            raise StoreAway
        return found[1].decode()

    def complete_parts(self, key: str, upload_id: str, parts: Sequence[Part]) -> None:
        """Make an object of the parts. An upload that is complete already stays so.

        Raises:
            PartsRefused: a part is missing, too small, or another.
        """
        listed = "".join(
            f"<Part><PartNumber>{part.number}</PartNumber><ETag>{escape(part.etag)}</ETag></Part>"
            for part in parts
        )
        body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
        answer = self._call("POST", key, query={"uploadId": upload_id}, body=body)
        code = _CODE.search(answer.body)  # also within 200: the store answers before it is done
        if code is not None and answer.status < 500:
            raise PartsRefused(code[1].decode(errors="replace"))
        if answer.status == NOT_FOUND:
            raise PartsRefused("NoSuchUpload")
        self._expect(answer, 200)

    def end_parts(self, key: str, upload_id: str) -> None:
        """Give up a multipart upload, if there is one."""
        query = {"uploadId": upload_id}
        self._expect(self._call("DELETE", key, query=query), 200, 204, NOT_FOUND)

    def _call(
        self,
        method: str,
        key: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        keep: frozenset[str] = frozenset(),
    ) -> Answer:
        from fintegrate.outgoing.exchange import Answer, Request

        signed: Signed = self.signer.presigned(
            method, key, CALL_SECONDS, query=query, headers=headers
        )
        result = self.pool.send(Request(method, signed.url, headers or {}, body, keep))
        if not isinstance(result, Answer):
            raise StoreAway
        return result

    def _expect(self, answer: Answer, *statuses: int) -> None:
        if answer.status not in statuses:
            raise StoreAway


def store_of(signer: Signer, *, most_bytes: int = 64 * 1024, seconds: float = 10.0) -> Store:
    """The calls to a bucket, with connections of their own.

    Args:
        most_bytes: of an object that `get` reads
        seconds: the most that a call takes
    """
    from fintegrate.outgoing.client import Client, Patience
    from fintegrate.outgoing.connection import Bounds
    from fintegrate.outgoing.urls import host_of

    allowed = host_of(signer.presigned("GET", "", 1).url)
    client = Client(allowed, bounds=Bounds(body=most_bytes))
    return Store(signer, client.pool(2, Patience(seconds, 3.0)))
