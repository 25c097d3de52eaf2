"""The time by which PostgreSQL must have answered, also when it is frozen and its kernel still answers.

The server's own timeouts do not end such a wait, and the kernel's do not either, because every packet
is acknowledged. So one thread of the process looks at what is awaited, and shuts the socket of a
connection whose time is over. The driver then sees the end of the connection and raises.

A wait callback of the driver would do the same without a thread, but each statement pays for it: with
it psycopg2 asks and waits in Python, without it libpq does both in C.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import weakref
from contextlib import suppress

import psycopg2
import psycopg2.extensions

_LOOK_SECONDS = 0.25
"""How often the thread looks. A wait ends up to this much later than it should."""


class AnswerDeadline:
    """The deadline of one connection: none while nothing is awaited. For the connection's own thread.

    After `passed` the connection is of no use any more.
    """

    def __init__(self, connection: psycopg2.extensions.connection) -> None:
        self.passed = False
        self._connection = connection
        self._at: float | None = None
        self._lock = (
            threading.Lock()
        )  # a socket is not shut while its connection does something new
        _watched.add(self)

    def set(self, seconds: float) -> None:
        """The answer to what is sent next is awaited for so long."""
        with self._lock:
            self._at = time.monotonic() + seconds

    def clear(self) -> None:
        """Nothing is awaited."""
        with self._lock:
            self._at = None

    def enforce(self) -> None:
        """Shut the connection's socket if its time is over. For the watching thread."""
        with self._lock:
            if self._at is not None and self._at < time.monotonic():
                self._at = None
                self.passed = True
                with suppress(
                    OSError, psycopg2.Error
                ):  # it broke meanwhile, as the driver sees itself
                    _shut(self._connection.fileno())


class _Watched:
    """Every deadline of this process, and the thread that looks at them."""

    def __init__(self) -> None:
        self._deadlines: weakref.WeakSet[AnswerDeadline] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, deadline: AnswerDeadline) -> None:
        with self._lock:
            self._deadlines.add(deadline)
            if self._thread is None or not self._thread.is_alive():  # it does not survive a fork
                self._thread = threading.Thread(target=self._watch, name="answers", daemon=True)
                self._thread.start()

    def _watch(self) -> None:
        while True:
            time.sleep(_LOOK_SECONDS)
            with self._lock:
                deadlines = list(self._deadlines)
            for deadline in deadlines:
                deadline.enforce()


_watched = _Watched()


def _shut(descriptor: int) -> None:
    with socket.socket(fileno=os.dup(descriptor)) as ours:  # a copy: the driver closes its own
        ours.shutdown(socket.SHUT_RDWR)
