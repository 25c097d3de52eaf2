"""Nothing is answered from memory in these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.banking.overview.read_overview import KEPT


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    kept = [(each, each.seconds) for each in KEPT]
    for each, _ in kept:
        each.seconds = 0
    yield
    for each, seconds in kept:
        each.seconds = seconds
        each.clear()
