"""Files of JSON lines: the same lines make the same bytes, and nothing else is believed."""

from __future__ import annotations

import gzip
from typing import cast

import pytest

from fintegrate.storage import json_lines
from fintegrate.storage.json_lines import Differs, Lines, digest, lines_of, store_compared
from fintegrate.storage.store import Store

LINES = ['{"name":"Zoë"}', '{"name":"a\\nb"}', "{}"]


class Memory:
    """A store that keeps objects in memory; `lies` is what it gives back instead."""

    def __init__(self, lies: bytes | None = None) -> None:
        self.kept: dict[str, bytes] = {}
        self.lies = lies

    def put(self, key: str, body: bytes, content_type: str) -> None:
        assert content_type
        self.kept[key] = body

    def get(self, key: str) -> bytes | None:
        return self.lies if self.lies is not None else self.kept.get(key)


def made(*groups: list[str]) -> json_lines.File:
    lines = Lines()
    for group in groups:
        lines.add(group)
    return lines.file()


def test_same_lines_make_the_same_file() -> None:
    whole, in_parts = made(LINES), made(LINES[:1], LINES[1:])

    assert whole == in_parts
    assert whole.body == in_parts.body
    assert made(LINES[::-1]).sha256 != whole.sha256


def test_file_tells_its_lines_and_hashes() -> None:
    file = made(LINES)

    content = gzip.decompress(file.body)
    assert content.decode() == "".join(f"{line}\n" for line in LINES)
    assert file.lines == 3
    assert (file.sha256, file.content_sha256) == (digest(file.body), digest(content))


def test_lines_come_back_as_they_were() -> None:
    file = made(LINES)

    assert list(lines_of(file.body, file.sha256)) == LINES


def test_other_bytes_are_not_read() -> None:
    file = made(LINES)

    with pytest.raises(Differs):
        list(lines_of(made(["{}"]).body, file.sha256))


def test_file_is_full_by_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "FILE_BYTES", 10)
    lines = Lines()

    lines.add(["12345678"])
    assert not lines.is_full
    lines.add(["1"])
    assert lines.is_full


def test_stored_file_is_compared() -> None:
    store = Memory()

    assert store_compared(cast(Store, store), "a", b"body") == digest(b"body")
    assert store.kept == {"a": b"body"}


@pytest.mark.parametrize("lies", [b"", b"bod", b"other"])
def test_store_that_gives_back_something_else_is_noticed(lies: bytes) -> None:
    with pytest.raises(Differs):
        store_compared(cast(Store, Memory(lies)), "a", b"body")


def test_gone_file_is_noticed() -> None:
    class Forgetful(Memory):
        def get(self, _key: str) -> bytes | None:
            return None

    with pytest.raises(Differs):
        store_compared(cast(Store, Forgetful()), "a", b"body")
