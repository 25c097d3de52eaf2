"""Actors: threads that stop before each of their steps until they are let go.

The code under test runs unchanged in them. Its replaced parts call `step` before what others can notice,
and `learn` with what the actor finds out. In any other thread both do nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import NamedTuple


class Step(NamedTuple):
    """One entry of a schedule: who did what, and which of its possible outcomes it had."""

    who: str
    what: str
    outcome: str = ""

    def __str__(self) -> str:
        return f"{self.who}: {self.what}{self.outcome and f' -> {self.outcome}'}"


class _Over(BaseException):
    """The run is over. Not an Exception, so that no code under test catches it."""


_current = threading.local()


def step(what: str, *outcomes: str) -> str:
    """Stop until this actor is let go; returns the outcome that was chosen, elsewhere the first."""
    actor: Actor | None = getattr(_current, "actor", None)
    possible = outcomes or ("",)
    return possible[0] if actor is None else actor.stop(what, possible)


def learn(what: str) -> None:
    """Add to what this actor knows. The text must be the same each time that a schedule is played."""
    actor: Actor | None = getattr(_current, "actor", None)
    if actor is not None:
        actor.learned.append(what)


class Actor:
    """One thread, kept from run to run, because connections belong to threads."""

    def __init__(self, name: str, act: Callable[[], None]) -> None:
        self.name = name
        self.done = False
        self.learned: list[str] = []
        self._act = act
        self._thread = ThreadPoolExecutor(1)
        self._playing: Future[None] = Future()
        self._stands_before: tuple[str, Sequence[str]] = ("", ())

    def start(self, arrivals: SimpleQueue[Actor]) -> None:
        """Begin a run. Each time that the actor stops or is done it tells `arrivals`."""
        self.done, self.learned, self._over = False, [], False
        self._arrivals = arrivals
        self._let_go: SimpleQueue[str] = SimpleQueue()
        self._playing = self._thread.submit(self._play)

    def _play(self) -> None:
        _current.actor = self
        try:
            self._act()
        finally:
            _current.actor = None
            self.done = True
            self._arrivals.put(self)

    def stop(self, what: str, outcomes: Sequence[str]) -> str:
        """What `step` does in the actor's own thread."""
        self._stands_before = (what, outcomes)
        self._arrivals.put(self)
        outcome = self._let_go.get()
        if self._over:
            raise _Over
        self.learned.append(outcome)
        return outcome

    def let_go(self, outcome: str) -> None:
        self._let_go.put(outcome)

    def end(self) -> None:
        """End the run at the actor's next stop. What its thread has open is rolled back."""
        self._over = True
        self._let_go.put("")

    def wait_until_ended(self) -> None:
        self._playing.exception()

    def check(self) -> None:
        """Raise what the actor's code has raised."""
        if self.done:
            self._playing.result()

    @property
    def steps(self) -> list[Step]:
        """What it may do next."""
        what, outcomes = self._stands_before
        return [] if self.done else [Step(self.name, what, outcome) for outcome in outcomes]

    @property
    def knowledge(self) -> object:
        """All that decides how it goes on; of one that is done nothing matters any more."""
        return "done" if self.done else (self._stands_before, tuple(self.learned))

    def close(self, last: Callable[[], None]) -> None:
        """Do `last` in the thread and end it."""
        self._thread.submit(last).result()
        self._thread.shutdown()
