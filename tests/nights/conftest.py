"""A night has a database of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.fixture
def database_url(copy_database: Callable[[str], str]) -> str:
    """Never reused: Redis remembers the life of a database, which reuse would turn back."""
    return copy_database("DATABASE_URL")
