"""Named statements: found by name, with their comments, and never two of one name."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

from fintegrate.queries import load_queries, queries_beside

ROOT = Path(__file__).resolve().parents[3]
TABLES = "tables.sql"  # defines tables, and no code runs it
FILES = sorted(
    file
    for folder in ("functions", "layers")
    for file in (ROOT / folder).rglob("*.sql")
    if file.name != TABLES
)


def write(folder: Path, text: str) -> Path:
    path = folder / "some.sql"
    path.write_text(text)
    return path


def test_statements_are_found_by_name(tmp_path: Path) -> None:
    path = write(
        tmp_path, "-- A file.\n\n-- name: one\n-- Why.\nSELECT 1\n\n-- name: two\nSELECT 2\n"
    )

    assert load_queries(path) == {
        "one": "-- name: one\n-- Why.\nSELECT 1",
        "two": "-- name: two\nSELECT 2",
    }


def test_name_given_twice_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "-- name: one\nSELECT 1\n-- name: one\nSELECT 2")

    with pytest.raises(ValueError, match=r"some\.sql names one twice"):
        load_queries(path)


def test_name_needs_a_whole_line(tmp_path: Path) -> None:
    path = write(tmp_path, "-- name: one\nSELECT '-- name: two' -- name: three\n")

    assert list(load_queries(path)) == ["one"]


def test_query_file_has_modules_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "with_queries.py").touch()
    (tmp_path / "with_queries.sql").write_text("-- name: one\nSELECT 1")
    monkeypatch.syspath_prepend(str(tmp_path))
    import_module("with_queries")
    try:
        assert list(queries_beside("with_queries")) == ["one"]
    finally:
        del sys.modules["with_queries"]


def test_files_are_read_as_utf_8(tmp_path: Path) -> None:
    (tmp_path / "some.sql").write_bytes("-- name: one\nSELECT 'ключ'".encode())

    assert "ключ" in load_queries(tmp_path / "some.sql")["one"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_query_file_is_read(file: Path) -> None:
    """A semicolon would let a statement be two."""
    queries = load_queries(file)

    assert queries
    for name, statement in queries.items():
        code = [line.split("--")[0] for line in statement.splitlines()]
        assert ";" not in "".join(code), name
