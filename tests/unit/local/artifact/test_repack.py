"""The bundle's modules become one file, if the sources look into it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from local.artifact.package.repack import CODE, INIT, MODULES, finish
from local.machine.checkout import ROOT

SYSTEM = f"{CODE}banking/system.py"


def names_after(tmp_path: Path, init: str) -> list[str]:
    bundle, layer = tmp_path / "bundle.zip", tmp_path / "layer.zip"
    with zipfile.ZipFile(bundle, "w") as packed:
        for name, text in {"app.py": "", INIT: init, SYSTEM: ""}.items():
            packed.writestr(name, text)
    with zipfile.ZipFile(layer, "w") as packed:
        packed.writestr("python/some.py", "")
    finish(bundle, layer, tmp_path / "store")
    with zipfile.ZipFile(bundle) as packed:
        return sorted(packed.namelist())


def test_modules_become_one_file(tmp_path: Path) -> None:
    init = (ROOT / "functions" / "__init__.py").read_text()

    assert names_after(tmp_path, init) == ["app.py", INIT, f"{CODE}{MODULES}"]


@pytest.mark.parametrize("init", ["", '"""Of before that file."""\n'], ids=["empty", "older"])
def test_older_sources_keep_their_files(tmp_path: Path, init: str) -> None:
    """A stage can be rolled back to them: today's packaging packs them."""
    assert names_after(tmp_path, init) == ["app.py", INIT, SYSTEM]
