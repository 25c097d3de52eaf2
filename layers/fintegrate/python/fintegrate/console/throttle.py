"""A ceiling over every second of work that is done in shares, such as batches of messages.

It holds for any second, wherever it begins, and not only for those of the clock: a share counts from its
beginning until a second after its end. Time that was not used is lost, so nothing is made up for. Shares
are spread over the second. Leaves to others what a share does, and what another process did before.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

SHARES_A_SECOND = 10
_SECOND = 1.0


class Throttle:
    """The ceiling of one job. Its rate may change from share to share."""

    def __init__(self, silence: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin after `silence` seconds, when what another process did is a second old."""
        self._clock = clock
        self._next = clock() + silence
        self._done: deque[tuple[float, int]] = deque()

    def share(self, per_second: int, most: int) -> int:
        """How many a share has, at this rate."""
        return max(1, min(most, per_second // SHARES_A_SECOND))

    def wait(self, per_second: int, most: int) -> float:
        """The seconds until the next share may begin, 0 for now."""
        now = self._clock()
        self._forget(now)
        free_at = self._next
        count = sum(each for _, each in self._done) + self.share(per_second, most)
        for ended, each in self._done:
            if count <= per_second:
                break
            count -= each
            free_at = max(free_at, ended + _SECOND)
        return max(0.0, free_at - now)

    def note(self, count: int, began: float, per_second: int) -> None:
        """Note a share of `count` that began then, by the same clock, and has ended now."""
        if count:
            self._done.append((self._clock(), count))
            self._next = max(self._next, began + count / per_second)

    @property
    def of_last_second(self) -> int:
        """How many were done in the last second."""
        self._forget(self._clock())
        return sum(count for _, count in self._done)

    def _forget(self, now: float) -> None:
        while self._done and self._done[0][0] <= now - _SECOND:
            self._done.popleft()
