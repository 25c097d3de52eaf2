"""A package's modules are imported from one file as from their own files."""

from __future__ import annotations

import json
import lzma
import runpy
import sys
import traceback
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from fintegrate.packed_modules import FILE, find_packed
from fintegrate.queries import queries_beside

SOURCES = {
    "inner/__init__.py": '"""What is inside."""',
    "inner/works.py": "from packed_here.inner import __doc__ as said\nANSWER = 42\n",
    "inner/works.sql": "-- name: one\nSELECT 'ключ'",
    "fails.py": "\nraise LookupError('here')\n",
}


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "packed_here"
    folder.mkdir()
    init = "from fintegrate.packed_modules import find_packed\nfind_packed(__name__, __path__[0])\n"
    (folder / "__init__.py").write_text(init)
    (folder / FILE).write_bytes(lzma.compress(json.dumps(SOURCES, ensure_ascii=False).encode()))
    monkeypatch.syspath_prepend(str(tmp_path))
    finders = list(sys.meta_path)
    yield folder
    sys.meta_path[:] = finders
    for name in [name for name in sys.modules if name.startswith("packed_here")]:
        del sys.modules[name]


def test_modules_and_packages_are_imported(package: Path) -> None:
    works = import_module("packed_here.inner.works")

    assert (works.ANSWER, works.said) == (42, "What is inside.")
    assert works.__file__ == str(package / "inner" / "works.py")
    assert works.__package__ == "packed_here.inner"


def test_statements_beside_are_read() -> None:
    import_module("packed_here.inner.works")

    assert queries_beside("packed_here.inner.works") == {"one": SOURCES["inner/works.sql"]}


def test_traceback_shows_the_line(package: Path) -> None:
    with pytest.raises(LookupError) as failed:
        import_module("packed_here.fails")

    (last,) = traceback.extract_tb(failed.tb)[-1:]
    assert (last.filename, last.lineno) == (str(package / "fails.py"), 2)


def test_module_may_be_run() -> None:
    assert runpy.run_module("packed_here.inner.works")["ANSWER"] == 42


def test_unknown_module_is_not_found() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"packed_here\.nothing"):
        import_module("packed_here.nothing")


def test_package_without_the_file_stays(tmp_path: Path) -> None:
    """In a checkout the modules are files."""
    finders = list(sys.meta_path)

    find_packed("some", str(tmp_path))

    assert sys.meta_path == finders
