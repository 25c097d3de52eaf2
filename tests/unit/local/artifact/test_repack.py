"""The bundle's modules become one file, if the sources look into it."""

from __future__ import annotations

import json
import lzma
import zipfile
from pathlib import Path

import pytest

from local.artifact.package.repack import CODE, INIT, MODULES, finish
from local.machine.checkout import ROOT

SYSTEM = f"{CODE}banking/system.py"


def names_after(tmp_path: Path, init: str) -> list[str]:
    with zipfile.ZipFile(finished(tmp_path, {INIT: init, SYSTEM: ""})) as packed:
        return sorted(packed.namelist())


def finished(tmp_path: Path, files: dict[str, str]) -> Path:
    bundle, layer = tmp_path / "bundle.zip", tmp_path / "layer.zip"
    with zipfile.ZipFile(bundle, "w") as packed:
        for name, text in {"app.py": "", **files}.items():
            packed.writestr(name, text)
    with zipfile.ZipFile(layer, "w") as packed:
        packed.writestr("python/some.py", "")
    finish(bundle, layer, tmp_path / "store")
    return bundle


def test_modules_become_one_file(tmp_path: Path) -> None:
    init = (ROOT / "functions" / "__init__.py").read_text()

    assert names_after(tmp_path, init) == ["app.py", INIT, f"{CODE}{MODULES}"]


@pytest.mark.parametrize(
    "init", ["", "from fintegrate.packed_modules import look_into\n"], ids=["empty", "older"]
)
def test_older_sources_keep_their_files(tmp_path: Path, init: str) -> None:
    """A stage can be rolled back to them: today's packaging packs them."""
    assert names_after(tmp_path, init) == ["app.py", INIT, SYSTEM]


@pytest.mark.parametrize(
    ("file", "text", "kept"),
    [
        ("a.sql", "-- why\n-- name: a\nSELECT 1\n", "-- name: a\nSELECT 1\n"),
        ("a.py", "# why\na = 1\n", "\na = 1\n"),
    ],
)
def test_lines_of_comment_are_left_out(tmp_path: Path, file: str, text: str, kept: str) -> None:
    init = (ROOT / "functions" / "__init__.py").read_text()

    bundle = finished(tmp_path, {INIT: init, f"{CODE}{file}": text})

    with zipfile.ZipFile(bundle) as packed:
        assert json.loads(lzma.decompress(packed.read(f"{CODE}{MODULES}"))) == {file: kept}
