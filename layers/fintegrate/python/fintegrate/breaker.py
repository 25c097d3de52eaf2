"""A circuit breaker: after failures in a row it refuses at once, and later lets one probe through.

Process-wide and thread-safe. The caller decides what counts as a failure.
Source of the pattern: M. Nygard, "Release It!", Circuit Breaker.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Literal

log = logging.getLogger(__name__)
State = Literal["closed", "open", "half_open"]
VALUES: dict[State, float] = {"closed": 0.0, "half_open": 0.5, "open": 1.0}
"""The states as a figure."""


class CircuitBreaker:
    """Opens after `failures` in a row for `open_seconds`, then is half-open with one probe."""

    def __init__(
        self,
        failures: int = 5,
        open_seconds: float = 30,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = failures
        self._open_seconds = open_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._opened_at: float | None = None
        self._probe_until = 0.0

    @property
    def state(self) -> State:
        with self._lock:
            return self._state()

    def allow(self) -> bool:
        """Whether to try. While half-open, one caller gets True until it reports the result.

        A probe that never reports, because its thread died, is forgotten after `open_seconds`.
        """
        with self._lock:
            state = self._state()
            if state == "half_open" and self._clock() >= self._probe_until:
                self._probe_until = self._clock() + self._open_seconds
                return True
            return state == "closed"

    def succeeded(self) -> None:
        """The try worked: close the circuit."""
        with self._lock:
            self._failures = 0
            self._opened_at = None
            self._probe_until = 0.0

    def failed(self) -> None:
        """The try failed: open the circuit after the probe or the last of `failures` in a row.

        A try that began before the circuit opened does not extend the open time. The opening is logged,
        and in AWS an alarm counts these log lines: the state itself is visible in this process only.
        """
        with self._lock:
            state = self._state()
            self._failures += 1
            if state == "open":
                return
            if state == "half_open" or self._failures >= self._limit:
                self._opened_at = self._clock()
                log.warning("circuit breaker open for %g s", self._open_seconds)
                self._probe_until = 0.0

    def _state(self) -> State:
        if self._opened_at is None:
            return "closed"
        return "open" if self._clock() - self._opened_at < self._open_seconds else "half_open"
