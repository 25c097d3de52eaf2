"""Waiting for PostgreSQL with a deadline, also when the server is frozen and its kernel still answers.

The server's own timeouts do not end such a wait, and the kernel's do not either, because every packet
is acknowledged. So psycopg2 waits through `wait`, for every connection of the process: up to the
deadline that `fintegrate.database` has set for this connection, and else without one. While it connects,
the connection's own `connect_timeout` holds, as without this module.
"""

from __future__ import annotations

import select
import threading
import time

import psycopg2
import psycopg2.extensions

_CONNECTED = frozenset(
    {
        psycopg2.extensions.STATUS_READY,
        psycopg2.extensions.STATUS_BEGIN,
        psycopg2.extensions.STATUS_PREPARED,
    }
)
_EVENTS = {
    psycopg2.extensions.POLL_READ: select.POLLIN,
    psycopg2.extensions.POLL_WRITE: select.POLLOUT,
}


class Overdue(psycopg2.OperationalError):
    """The server did not answer before the deadline. The connection is of no use any more."""


class _Expected(threading.local):
    """The connection of this thread that has a deadline, and when, on the monotonic clock."""

    of: object = None
    at: float = 0.0


_expected = _Expected()


def install() -> None:
    """Let psycopg2 wait through `wait` from now on; it knows one way for the whole process."""
    psycopg2.extensions.set_wait_callback(wait)


def expect_answer(connection: psycopg2.extensions.connection, at: float) -> None:
    """Set the time by which the server must have answered what this thread sends next."""
    _expected.of = connection
    _expected.at = at


def wait(connection: psycopg2.extensions.connection) -> None:
    """Wait until the connection has what it waits for.

    Raises:
        Overdue: it had not in time.
    """
    end = _expected.at if _expected.of is connection else _end_of_connecting(connection)
    while (state := connection.poll()) != psycopg2.extensions.POLL_OK:
        waiting = select.poll()
        waiting.register(connection.fileno(), _EVENTS[state])
        left = None if end is None else max(0.0, end - time.monotonic()) * 1_000
        if not waiting.poll(left):
            raise Overdue("no answer from the server in time")


def _end_of_connecting(connection: psycopg2.extensions.connection) -> float | None:
    if connection.status in _CONNECTED:
        return None
    seconds = int(psycopg2.extensions.parse_dsn(connection.dsn).get("connect_timeout", 0))
    return time.monotonic() + seconds if seconds > 0 else None
