"""A database with nothing in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.fixture
def url(empty_database: Callable[[], str]) -> str:
    """One empty database."""
    return empty_database()
