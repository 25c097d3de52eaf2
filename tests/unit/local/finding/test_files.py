"""Files are searched as bytes, whatever their size, and a server's own are told apart."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from local.finding import files
from local.finding.files import find_in_files
from local.finding.places import Found, Place, Wanted


def looked(root: Path, text: str, *servers: Path) -> Found:
    found = Found()
    find_in_files(root, servers, Wanted(text), found)
    return found


def test_text_is_found_in_any_case(tmp_path: Path) -> None:
    (tmp_path / "server.log").write_text("x ADA Lovelace, ada lovelace\n")
    (tmp_path / "other.log").write_text("Ada\nLovelace\n")

    assert looked(tmp_path, "Ada Lovelace").places == [Place("file", "server.log", 2)]


@pytest.mark.parametrize(
    ("text", "escaped"),
    [("Jürgen", '{"name": "J\\u00fcrgen"}'), ("A & B", "<name>A &amp; B</name>")],
)
def test_escaped_text_is_found(tmp_path: Path, text: str, escaped: str) -> None:
    (tmp_path / "server.log").write_text(escaped)

    assert [place.times for place in looked(tmp_path, text).places] == [1]


def test_packed_file_is_opened(tmp_path: Path) -> None:
    (tmp_path / "old.log.gz").write_bytes(gzip.compress(b"Ada Lovelace"))

    assert looked(tmp_path, "Ada Lovelace").places == [Place("file", "old.log.gz", 1)]


def test_text_across_two_chunks_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "CHUNK", 8)
    (tmp_path / "long").write_bytes(b"....Ada Lovelace....Ada Lovelace")

    assert looked(tmp_path, "Ada Lovelace").places == [Place("file", "long", 2)]


def test_servers_files_are_remains(tmp_path: Path) -> None:
    (tmp_path / "postgresql").mkdir()
    (tmp_path / "postgresql" / "wal").write_bytes(b"\0Ada Lovelace\0")

    found = looked(tmp_path, "Ada Lovelace", tmp_path / "postgresql")

    assert found.places == [Place("remains", "postgresql/wal", 1)]


def test_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"Ada Lovelace")[:-9])

    assert looked(tmp_path, "Ada Lovelace").left_out == [
        f"1 files below {tmp_path.name} could not be read"
    ]
