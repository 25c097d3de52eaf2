"""What holds for every property test, whichever folder it lies in."""

from __future__ import annotations

from hypothesis import settings


def test_examples_have_no_deadline() -> None:
    """A busy machine would break it, as it did once at 200 ms."""
    assert settings().deadline is None
