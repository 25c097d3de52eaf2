"""Checkouts that a test may start, kill and stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.local.machine.copies import Copy


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Callable[[str], Copy]]:
    """Makes a checkout of that name; afterwards all of them are cleaned."""
    made: list[Copy] = []

    def make(name: str) -> Copy:
        (tmp_path / name).mkdir()
        made.append(Copy(tmp_path / name))
        return made[-1]

    yield make
    for one in made:
        one.run("clean")
