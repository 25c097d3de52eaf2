"""What rclone does not know, asked of moto: objects written once, and parts that are too small."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from moto.server import ThreadedMotoServer

from fintegrate.storage.signing import Credentials, Signer
from fintegrate.storage.store import Part, PartsRefused, Store, store_of

HEADERS = {"content-type": "video/mp4", "if-none-match": "*"}
CREDENTIALS = Credentials("testing", "testing")


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    made = store_of(Signer(f"http://{host}:{port}", "us-east-1", "media", lambda: CREDENTIALS))
    httpx.put(made.signer.presigned("PUT", "", 60).url, trust_env=False).raise_for_status()
    yield made
    server.stop()


def put(store: Store, key: str, content: bytes) -> httpx.Response:
    signed = store.signer.presigned("PUT", key, 60, headers=HEADERS)
    return httpx.put(signed.url, content=content, headers=HEADERS, trust_env=False)


def test_object_is_written_once(store: Store) -> None:
    assert put(store, "uploads/once", b"first").status_code == 200
    assert put(store, "uploads/once", b"second").status_code == 412
    found = store.look("uploads/once")
    assert found is not None
    assert (found.size_bytes, found.content_type) == (5, "video/mp4")
    store.delete("uploads/once")
    assert put(store, "uploads/once", b"again").status_code == 200


def test_small_parts_are_refused(store: Store) -> None:
    upload = store.begin_parts("uploads/parts", "video/mp4")
    parts = []
    for number in (1, 2):
        query = {"partNumber": str(number), "uploadId": upload}
        signed = store.signer.presigned("PUT", "uploads/parts", 60, query=query)
        sent = httpx.put(signed.url, content=b"small", trust_env=False)
        parts.append(Part(number, sent.headers["etag"]))

    with pytest.raises(PartsRefused) as refused:
        store.complete_parts("uploads/parts", upload, parts)
    assert refused.value.code == "EntityTooSmall"
    store.end_parts("uploads/parts", upload)
