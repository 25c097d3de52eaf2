"""Defines a fault: it begins, lasts, and is undone in every case."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Generic, Protocol, TypeVar

from local.chaos.members import FunctionMember
from local.chaos.proxy import TcpProxy
from local.services.running import RunningServices


class Bed(Protocol):
    """What every testbed has.

    Attributes:
        services: the servers, to kill, freeze and start
        proxies: each in front of something that can fail, by its name
        functions: processes that serve
        database_url: the database, with all rights
    """

    @property
    def services(self) -> RunningServices: ...
    @property
    def proxies(self) -> Mapping[str, TcpProxy]: ...
    @property
    def database_url(self) -> str: ...
    @property
    def functions(self) -> Sequence[FunctionMember]: ...


B = TypeVar("B", bound=Bed)


@dataclass(frozen=True)
class Targets(Generic[B]):
    """The targets of a fault. `stopping` is set when the run must end early."""

    bed: B
    stopping: threading.Event

    def last(self, seconds: float) -> None:
        self.stopping.wait(seconds)


Happen = Callable[[Any, Random, float], None]
"""Causes a fault of such targets, keeps it for so many seconds, and undoes it."""


@dataclass(frozen=True)
class Fault:
    """One kind of fault. Two faults of the same lane never overlap.

    Attributes:
        name: its name in the report
        lane: the target
        seconds: the shortest and the longest duration
        extra_seconds: extra time to cause and undo it, for the plan
    """

    name: str
    lane: str
    seconds: tuple[float, float]
    happen: Happen
    extra_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Disturbance:
    """A fault, from its beginning until everything was undone; times as `time.time()`."""

    fault: str
    began: float
    ended: float
