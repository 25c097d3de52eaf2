"""Databases with nothing in them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator

import pytest

from local.services.databases import create_database, drop_database
from local.services.running import RunningServices

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
_numbers = itertools.count(1)


@pytest.fixture
def empty_database(services: RunningServices) -> Iterator[Callable[[], str]]:
    """Makes empty databases; their addresses."""
    names: list[str] = []

    def make() -> str:
        names.append(f"empty_fintegrate_{WORKER}_{next(_numbers)}")
        return create_database(services.urls, names[-1])

    yield make
    for name in names:
        drop_database(services.urls, name)


@pytest.fixture
def url(empty_database: Callable[[], str]) -> str:
    """One empty database."""
    return empty_database()
