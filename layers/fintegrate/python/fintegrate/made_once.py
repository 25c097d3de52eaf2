"""What a process makes once, when it is first needed, and keeps: so that an import reads no environment.

Tests, and processes that serve another environment than their own, put something else in its place.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class MadeOnce(Generic[T]):
    """Call it to get what `make` makes. Thread-safe: of threads that ask at once, one makes it."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._alone = threading.Lock()
        self._made: T | None = None

    def __call__(self) -> T:
        made = self._made
        if made is None:
            with self._alone:
                made = self._made
                if made is None:
                    made = self._made = self._make()
        return made

    def use(self, replacement: T | None) -> None:
        """Keep this instead; after None the next use makes a new one."""
        self._made = replacement
