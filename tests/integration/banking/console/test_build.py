"""The page that is committed is the one that its source makes, and it is small."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
SOURCE = ROOT / "console"
BUILT = ROOT / "browser" / "console"
MOST_AT_FIRST, MOST_OF_ALL, MOST_OF_PAGE, MOST_OF_A_FILE = 45_000, 60_000, 2000, 200_000
"""What the first visit loads, and all, with gzip; the page, and a file, as they are."""


def test_page_is_small() -> None:
    files = [path for path in BUILT.iterdir() if path.suffix in {".js", ".css"}]
    page = (BUILT / "index.html").read_text(encoding="utf-8")

    at_first = [path for path in files if path.name in page]

    assert sorted(path.suffix for path in at_first) == [".css", ".js"]
    assert _zipped(at_first) <= MOST_AT_FIRST
    assert _zipped(files) <= MOST_OF_ALL
    assert len(page.encode()) <= MOST_OF_PAGE
    assert max(path.stat().st_size for path in files) <= MOST_OF_A_FILE


def test_files_name_each_other() -> None:
    """No file stands here that nothing names, and none is named that is not here."""
    texts = _texts(BUILT)

    named = set(re.findall(r"[\w-]+\.[0-9a-f]{12}\.\w+|icon\.svg", "".join(texts.values())))

    assert named == set(texts) - {"index.html"}


def test_built_page_is_current(tmp_path: Path) -> None:
    """Wherever Node is: what is committed must not differ from its source."""
    if shutil.which("npm") is None:
        pytest.skip("Node is not installed")
    if not (SOURCE / "node_modules").is_dir():
        fetched = subprocess.run(["npm", "ci", "--silent"], cwd=SOURCE, check=False, timeout=120)
        if fetched.returncode:
            pytest.skip("the packages of the build could not be fetched: make console")

    subprocess.run(["node", "build.mjs", str(tmp_path)], cwd=SOURCE, check=True)

    assert _texts(tmp_path) == _texts(BUILT)


def _texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def _zipped(files: Iterable[Path]) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in files)
