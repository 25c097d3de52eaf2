"""The boundaries between two steps, at which a process can be made to die.

A step is something that code of the product does: a named statement, any other SQL, a commit, a
method. It is found by its name, and a name that is no longer there is an error, never a point that
is silently not reached. Leaves the watching to `watching`.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from fintegrate.queries import load_queries
from local.machine.checkout import ROOT


class NoSuchStep(Exception):
    """A step that a kill point names does not exist (any more); the text says which."""


class Edge(Enum):
    """On which side of a step."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True)
class Statement:
    """A named statement of a `.sql` file, given from the root of the checkout."""

    file: str
    name: str

    def matches(self, sql: str) -> bool:
        return sql.strip() == self.text

    @property
    def text(self) -> str:
        """Its SQL.

        Raises:
            NoSuchStep: the file has no such statement
        """
        path = ROOT / self.file
        queries = load_queries(path) if path.is_file() else {}
        if self.name not in queries:
            raise NoSuchStep(f"{self.file} has no statement {self.name}")
        return queries[self.name]


@dataclass(frozen=True)
class Sql:
    """Any SQL with this beginning; "" is every statement, `COMMIT` that of a transaction."""

    beginning: str

    def matches(self, sql: str) -> bool:
        return sql.lstrip().startswith(self.beginning)


COMMIT = Sql("COMMIT")


@dataclass(frozen=True)
class Method:
    """A method or function: `module:Class.method`."""

    path: str

    def place(self) -> tuple[Any, str, Callable[..., Any]]:
        """What holds it, under which name, and the function itself.

        Raises:
            NoSuchStep: it is not there, or is no plain function
        """
        module, _, dotted = self.path.partition(":")
        *holders, name = dotted.split(".")
        try:
            holder: Any = importlib.import_module(module)
            for each in holders:
                holder = getattr(holder, each)
            found = inspect.getattr_static(holder, name)
        except (ImportError, AttributeError) as error:
            raise NoSuchStep(f"{self.path} is not there: {error}") from error
        if not inspect.isfunction(found):
            raise NoSuchStep(f"{self.path} is not a plain method or function")
        return holder, name, found


Step = Statement | Sql | Method


@dataclass(frozen=True)
class Boundary:
    """Before or after a step, when it is done for the `time`-th time (1 is the first).

    With `since`, times are counted from the first beginning of that other step.
    """

    edge: Edge
    step: Step
    time: int = 1
    since: Step | None = None

    def check(self) -> None:
        """See that its steps exist.

        Raises:
            NoSuchStep: one does not
        """
        for step in filter(None, (self.step, self.since)):
            if isinstance(step, Statement):
                _ = step.text
            elif isinstance(step, Method):
                step.place()


def before(step: Step, time: int = 1, since: Step | None = None) -> Boundary:
    """Just before the step begins."""
    return Boundary(Edge.BEFORE, step, time, since)


def after(step: Step, time: int = 1, since: Step | None = None) -> Boundary:
    """Just after the step is done."""
    return Boundary(Edge.AFTER, step, time, since)
