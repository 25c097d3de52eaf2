"""The gateway's limit of requests per client address: a sliding window in bounded memory.

The library `limits` counts. Each address has two fixed windows; the older one is weighted by how much
of it the last minute still covers.
"""

from __future__ import annotations

import math
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

WINDOW_SECONDS = 60
MOST_COUNTERS = 20_000  # an active address has two
IPV6_NETWORK = 64  # bits: one subscriber usually owns the whole /64


class AddressLimit:
    """Counts requests per client address. For one thread (the event loop).

    When there are more active addresses than it remembers, the oldest counter is dropped.
    """

    def __init__(self, per_minute: int) -> None:
        if per_minute < 1:
            raise ValueError(f"RATE_LIMIT_IP_PER_MINUTE must be at least 1, got {per_minute}")
        self.per_minute = per_minute
        self._item = RateLimitItemPerMinute(per_minute)
        self._counters = MemoryStorage()
        self._limiter = SlidingWindowCounterRateLimiter(self._counters)

    def __len__(self) -> int:
        return len(self._counters.storage)

    def refused_for(self, address: str) -> int:
        """Count one request. Returns 0 when it may pass, else the seconds until the next try."""
        subscriber = _subscriber(address)
        if self._limiter.hit(self._item, subscriber):
            if len(self) > MOST_COUNTERS:
                self._counters.clear(next(iter(self._counters.storage)))
            return 0
        # The first whole second after that moment. The margin undoes a rounding error.
        return math.floor(self._seconds_until_room(subscriber) + 1e-6) + 1

    def _seconds_until_room(self, subscriber: str) -> float:
        """Seconds until the next window begins or the previous one counts for one request less.

        The library gives 0 in the first instant of a window.
        """
        previous, previous_left, _, current_left = self._counters.get_sliding_window(
            self._item.key_for(subscriber), WINDOW_SECONDS
        )
        next_window = current_left - WINDOW_SECONDS
        if not previous:
            return next_window
        return min(next_window, previous_left % (WINDOW_SECONDS / previous))


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
