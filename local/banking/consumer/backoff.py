"""How long to wait before trying again: exponential backoff with full jitter.

Full jitter (aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter) spreads the
consumers that failed together, so that they do not come back together.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits of at most `base_seconds`, then twice that, four times that … up to the cap."""

    random: Random
    base_seconds: float = 1.0
    cap_seconds: float = 30.0

    def seconds(self, failures: int) -> float:
        """Seconds to wait after `failures` (1 or more) failures in a row."""
        ceiling = self.base_seconds * 2.0 ** min(failures - 1, 32)
        return self.random.uniform(0, min(self.cap_seconds, ceiling))
