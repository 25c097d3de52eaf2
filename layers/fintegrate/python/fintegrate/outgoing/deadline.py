"""One moment by which everything must have ended, and waiting for a socket until then."""

from __future__ import annotations

import select
import socket
import time

READ, WRITE = select.POLLIN, select.POLLOUT


class TimeIsUp(Exception):
    """The deadline has passed."""


class Deadline:
    """A moment of the monotonic clock."""

    __slots__ = ("at",)

    def __init__(self, at: float) -> None:
        self.at = at

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds)

    def sooner(self, seconds: float) -> Deadline:
        """So many seconds from now, but never later than this one."""
        return Deadline(min(self.at, time.monotonic() + seconds))

    def left(self) -> float:
        """Seconds until then, more than 0.

        Raises:
            TimeIsUp: there are none.
        """
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeIsUp
        return left

    def wait(self, opened: socket.socket, events: int) -> int:
        """As `Watch.wait`, once."""
        return Watch(opened).wait(events, self)


class Watch:
    """Waits for one socket. One thread at a time."""

    __slots__ = ("_events", "_opened", "_poll")

    def __init__(self, opened: socket.socket) -> None:
        self._opened = opened
        self._poll = select.poll()  # `select` knows no descriptor above 1023
        self._events = 0

    def wait(self, events: int, deadline: Deadline) -> int:
        """Wait until the socket can be read (`READ`) or written (`WRITE`); returns what it can.

        Raises:
            TimeIsUp: it could not in time.
        """
        self._look_for(events)
        while True:
            ready = self._poll.poll(deadline.left() * 1000)
            if ready:
                return ready[0][1]

    def is_quiet(self) -> bool:
        """Whether nothing has come that was not read, neither bytes nor an end nor an error."""
        self._look_for(READ)
        return not self._poll.poll(0)

    def _look_for(self, events: int) -> None:
        if events != self._events:
            self._poll.register(self._opened, events)
            self._events = events
