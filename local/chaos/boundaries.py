"""Boundaries between two steps, at which a process can be made to die.

A step is a piece of the product's work: a named statement, any other SQL, a commit or a method. It is
found by its name. A name that no longer exists is an error, so a boundary never goes missing silently.
`watching` observes the steps.
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
    """A kill point names a step that does not exist (any more). The text names the step."""


class Edge(Enum):
    """The two sides of a step."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True)
class Statement:
    """A named statement of a `.sql` file. The path starts at the checkout's root."""

    file: str
    name: str

    def matches(self, sql: str) -> bool:
        return sql.strip() == self.text

    @property
    def text(self) -> str:
        """The statement's SQL.

        Raises:
            NoSuchStep: the file has no statement of this name
        """
        path = ROOT / self.file
        queries = load_queries(path) if path.is_file() else {}
        if self.name not in queries:
            raise NoSuchStep(f"{self.file} has no statement {self.name}")
        return queries[self.name]


@dataclass(frozen=True)
class Sql:
    """Any SQL that begins with this text: "" matches every statement, `COMMIT` a transaction's end."""

    beginning: str

    def matches(self, sql: str) -> bool:
        return sql.lstrip().startswith(self.beginning)


COMMIT = Sql("COMMIT")


@dataclass(frozen=True)
class Method:
    """A method or function: `module:Class.method`."""

    path: str

    def place(self) -> tuple[Any, str, Callable[..., Any]]:
        """The object that holds the function, the function's name there, and the function.

        Raises:
            NoSuchStep: it does not exist or is not a plain function
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
    """The moment before or after a step, when the step is done for the `time`-th time (from 1).

    With `since`, counting starts when that other step first begins.
    """

    edge: Edge
    step: Step
    time: int = 1
    since: Step | None = None

    def check(self) -> None:
        """Check that its steps exist.

        Raises:
            NoSuchStep: one of them does not exist
        """
        for step in filter(None, (self.step, self.since)):
            if isinstance(step, Statement):
                _ = step.text
            elif isinstance(step, Method):
                step.place()


def before(step: Step, time: int = 1, since: Step | None = None) -> Boundary:
    """The boundary just before the step begins."""
    return Boundary(Edge.BEFORE, step, time, since)


def after(step: Step, time: int = 1, since: Step | None = None) -> Boundary:
    """The boundary just after the step ends."""
    return Boundary(Edge.AFTER, step, time, since)
