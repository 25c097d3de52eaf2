"""The kit is for the fault runs of every system: it knows none of them and no tenant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local.machine.checkout import ROOT

FILES = sorted((ROOT / "local" / "chaos").glob("**/*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_kit_knows_no_system(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    assert not re.findall(r"chalicelib|local\.(?:banking|relay|appevents)|tenant|\bbanks?\b", text)


def test_kit_is_there() -> None:
    assert {file.name for file in FILES} >= {"members.py", "proxy.py", "boundaries.py"}
