"""The connections that are kept between requests, of all pools of a client.

A connection is dropped after a minute without a request, and after five minutes in all: then its host is
resolved and judged again, so a host that has moved is followed. The number over all pools is bounded: a
function in AWS has some thousand descriptors in all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from fintegrate.outgoing.connection import Connection

IDLE_SECONDS = 60.0
OLDEST_SECONDS = 300.0
MOST_KEPT = 256
_SWEEP_SECONDS = 1.0
Owner = object
"""Whose a connection is: a pool."""


class _Idle(NamedTuple):
    connection: Connection
    since: float


class Kept:
    """Idle connections by their owner. Thread-safe."""

    def __init__(self, most: int = MOST_KEPT, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._idle: dict[Owner, list[_Idle]] = {}
        self._count = 0
        self._swept_at = clock()

    def take(self, owner: Owner, origin: tuple[str, str, int]) -> Connection | None:
        """The connection that was used last, if there is one that the other side has not closed.

        Those to another origin are dropped: the receiver has moved.
        """
        self._sweep()
        while True:
            with self._lock:
                dropped = self._moved(owner, origin)
                mine = self._idle.get(owner)
                found = mine.pop().connection if mine else None
                self._count -= found is not None
            _close(dropped)
            if found is None or found.is_silent():
                return found
            found.close()

    def keep(self, owner: Owner, connection: Connection, most: int) -> None:
        """Keep a connection, or close it if the owner or the client has enough."""
        with self._lock:
            mine = self._idle.setdefault(owner, [])
            is_kept = len(mine) < most and self._count < self._most
            if is_kept:
                mine.append(_Idle(connection, self._clock()))
                self._count += 1
        if not is_kept:
            connection.close()

    def drop(self, owner: Owner) -> None:
        """Close all of one owner's."""
        with self._lock:
            dropped = self._remove(owner, lambda _idle: True)
        _close(dropped)

    def close(self) -> None:
        """Close all."""
        for owner in list(self._idle):
            self.drop(owner)

    def _sweep(self) -> None:
        """Drop what is too old, of every owner: one that sends nothing any more drops nothing itself."""
        now = self._clock()
        if now - self._swept_at < _SWEEP_SECONDS:
            return
        dropped: list[Connection] = []
        with self._lock:
            if now - self._swept_at >= _SWEEP_SECONDS:
                self._swept_at = now
                for owner in list(self._idle):
                    dropped += self._remove(owner, lambda idle: _is_over(idle, now))
        _close(dropped)

    def _moved(self, owner: Owner, origin: tuple[str, str, int]) -> list[Connection]:
        for idle in self._idle.get(owner, ()):
            if idle.connection.origin != origin:
                return self._remove(owner, lambda idle: idle.connection.origin != origin)
        return []

    def _remove(self, owner: Owner, unwanted: Callable[[_Idle], bool]) -> list[Connection]:
        mine = self._idle.get(owner, [])
        dropped = [idle.connection for idle in mine if unwanted(idle)]
        if dropped:
            mine[:] = [idle for idle in mine if not unwanted(idle)]
            self._count -= len(dropped)
        if not mine:
            self._idle.pop(owner, None)
        return dropped


def _is_over(idle: _Idle, now: float) -> bool:
    return now - idle.since >= IDLE_SECONDS or now - idle.connection.opened_at >= OLDEST_SECONDS


def _close(connections: list[Connection]) -> None:
    for connection in connections:
        connection.close()
