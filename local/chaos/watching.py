"""Watches the steps of this process and ends it at one boundary.

To watch SQL, it replaces the connection class of `psycopg2.connect`. To watch a method, it wraps the
method. It is used only in a process that was started to die.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import psycopg2
import psycopg2.extensions

from local.chaos.boundaries import Boundary, Edge, Method, Step


class Watch:
    """Counts how often one boundary is reached, and calls `die` at the right time."""

    def __init__(self, boundary: Boundary, die: Callable[[], None]) -> None:
        self._boundary = boundary
        self._die = die
        self._steps: set[Step] = set(filter(None, (boundary.step, boundary.since)))
        self._counting = boundary.since is None
        self._times = 0

    def install(self) -> None:
        """Start watching.

        Raises:
            NoSuchStep: a step of the boundary does not exist
        """
        self._boundary.check()
        _watch_database(self._sql)
        for step in self._steps:
            if isinstance(step, Method):
                _watch_method(step, partial(self._passed, step))

    def _sql(self, edge: Edge, sql: str) -> None:
        for step in self._steps:
            if not isinstance(step, Method) and step.matches(sql):
                self._passed(step, edge)

    def _passed(self, step: Step, edge: Edge) -> None:
        if step == self._boundary.since and edge is Edge.BEFORE:
            self._counting = True
        if step == self._boundary.step and edge is self._boundary.edge and self._counting:
            self._times += 1
            if self._times == self._boundary.time:
                self._die()


def _watch_method(step: Method, notice: Callable[[Edge], None]) -> None:
    holder, name, original = step.place()

    @wraps(original)
    def watched(*args: Any, **kwargs: Any) -> Any:
        notice(Edge.BEFORE)
        result = original(*args, **kwargs)
        notice(Edge.AFTER)
        return result

    setattr(holder, name, watched)


def _watch_database(notice: Callable[[Edge, str], None]) -> None:
    class Cursor(psycopg2.extensions.cursor):
        def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002 - the driver's name
            notice(Edge.BEFORE, str(query))
            super().execute(query, vars)
            notice(Edge.AFTER, str(query))

    class Connection(psycopg2.extensions.connection):
        def cursor(self, *args: Any, **kwargs: Any) -> Any:
            return super().cursor(*args, cursor_factory=Cursor, **kwargs)

        def commit(self) -> None:
            notice(Edge.BEFORE, "COMMIT")
            super().commit()
            notice(Edge.AFTER, "COMMIT")

    psycopg2.connect = partial(psycopg2.connect, connection_factory=Connection)
