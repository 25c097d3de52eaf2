"""One thread ends what no server answers, whatever becomes of a single connection."""

from __future__ import annotations

import socket
from typing import Any

import psycopg2

from fintegrate.answer_deadline import AnswerDeadline
from tests.support.waiting import eventually


class Connection:
    """What a deadline needs of the driver's connection."""

    def __init__(self, own: socket.socket) -> None:
        self._own = own

    def fileno(self) -> int:
        if self._own.fileno() < 0:
            raise psycopg2.InterfaceError("connection already closed")
        return self._own.fileno()


def deadline_of(own: socket.socket) -> AnswerDeadline:
    connection: Any = Connection(own)
    return AnswerDeadline(connection)


def test_broken_connection_stops_no_other_deadline() -> None:
    closed, unconnected = socket.socket(), socket.socket()
    closed.close()
    with unconnected:
        broken = [deadline_of(closed), deadline_of(unconnected)]
        for each in broken:
            each.set(0)
        eventually(lambda: all(each.passed for each in broken), "both deadlines have passed")
        waiting, other = socket.socketpair()
        with waiting, other:
            waiting.settimeout(5)
            last = deadline_of(waiting)
            last.set(0)

            assert waiting.recv(1) == b""
            assert last.passed
