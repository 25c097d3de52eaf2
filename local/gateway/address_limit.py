"""The gateway's limit of requests per client address: a sliding window in bounded memory.

Each address has two fixed windows; the older one is weighted by how much of it the last minute still
covers. The library `limits` does the same, and was tried: its memory starts a timer in a thread every
10 ms, which cost 10% of the gateway's processor time.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

WINDOW_SECONDS = 60.0
MOST_ADDRESSES = 10_000
IPV6_NETWORK = 64  # bits: one subscriber usually owns the whole /64


@dataclass(slots=True)
class _Windows:
    index: int
    current: int = 0
    previous: int = 0

    def roll_to(self, index: int) -> None:
        if index == self.index + 1:
            self.previous, self.current = self.current, 0
        elif index != self.index:
            self.previous = self.current = 0
        self.index = index


class AddressLimit:
    """Counts requests per client address. For one thread (the event loop).

    When there are more active addresses than it remembers, the one that was silent longest is
    forgotten.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        if per_minute < 1:
            raise ValueError(f"RATE_LIMIT_IP_PER_MINUTE must be at least 1, got {per_minute}")
        self.per_minute = per_minute
        self._clock = clock
        self._windows: OrderedDict[str, _Windows] = OrderedDict()

    def __len__(self) -> int:
        return len(self._windows)

    def refused_for(self, address: str) -> int:
        """Count one request. Returns 0 when it may pass, else the seconds until the next try."""
        index, elapsed = divmod(self._clock(), WINDOW_SECONDS)
        windows = self._of(_subscriber(address), int(index))
        left_of_previous = 1 - elapsed / WINDOW_SECONDS
        if windows.previous * left_of_previous + windows.current < self.per_minute:
            windows.current += 1
            return 0
        # The first whole second after that moment. The margin undoes a rounding error.
        return math.floor(self._seconds_to_wait(windows, left_of_previous) + 1e-6) + 1

    def _of(self, address: str, index: int) -> _Windows:
        windows = self._windows.setdefault(address, _Windows(index))
        windows.roll_to(index)
        self._windows.move_to_end(address)
        if len(self._windows) > MOST_ADDRESSES:
            self._windows.popitem(last=False)
        return windows

    def _seconds_to_wait(self, windows: _Windows, left_of_previous: float) -> float:
        if windows.current < self.per_minute:
            room = (self.per_minute - windows.current) / windows.previous
            return (left_of_previous - room) * WINDOW_SECONDS
        after_next_starts = 1 - self.per_minute / windows.current
        return (left_of_previous + after_next_starts) * WINDOW_SECONDS


@lru_cache(1_000)
def _subscriber(address: str) -> str:
    """An IPv4 address unchanged; the network of an IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(IPv6Address(int(parsed) >> (128 - IPV6_NETWORK) << (128 - IPV6_NETWORK)))
