"""Answers that a process gives from memory for a short time, so that many viewers cost what one does."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Generic, TypeVar

from fintegrate.http.envelope import dumps

T = TypeVar("T")
_SHARE = 10
"""What took long to make is kept longer: making it takes at most this part of the time."""
_MOST = 500


class Kept(Generic[T]):
    """Keeps what was made for `seconds`, counted from when it was ready; 0 keeps nothing.

    Who asks while it is made waits for it. What is too old is forgotten when something else is made.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[Hashable, tuple[float, T]] = {}

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was made for this key, or what is made now."""
        with self._lock:
            found = self._kept.get(key)
            begun = self._clock()
            if found is not None and begun < found[0]:
                return found[1]
            made = make()
            ready = self._clock()
            if self.seconds <= 0:
                return made
            self._kept = {key: kept for key, kept in self._kept.items() if ready < kept[0]}
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[key] = (ready + max(self.seconds, (ready - begun) * _SHARE), made)
            return made

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()


def etag(body: Mapping[str, Any], *without: str) -> str:
    """The version of an answer, apart from the fields that always change.

    Weak, because the gateway compresses the same answer for some (RFC 9110, 8.8.1).
    """
    text = dumps({name: value for name, value in body.items() if name not in without})
    return f'W/"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'
