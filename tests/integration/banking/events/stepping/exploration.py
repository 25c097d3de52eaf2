"""Plays real code in every order of its steps, as a model checker plays a model.

One actor moves at a time. What happens without an actor (time passes, a network delivers) is a move of
the world. A state is what the world shows, and for each actor the step that it stands before and what it
has learned: code that learned the same goes on in the same way. So a state that was seen before is not
continued. Each run plays a schedule from the beginning and goes on until nothing is left to do or the
state was seen. Each other way out of a new state is a schedule to be played later, the shortest first.

A step may wait in the database for what another actor holds. The others then go on. Where several wait,
the server chooses who is next, so a schedule may lead elsewhere when it is played again. Then it is
tried again; `Explored.dropped` counts the schedules that never led to the expected state.

Leaves to others what the actors do, what the world's state is and what must hold in it (`World`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Protocol

from tests.integration.banking.events.stepping.actors import Actor, Step

TRIES = 50
"""How often a schedule is played that leads elsewhere."""
PATIENCE_SECONDS = 0.002
"""An actor that has not stopped after this long may wait in the database, so that is asked."""
STUCK_SECONDS = 60.0
Schedule = tuple[Step, ...]


class World(Protocol):
    """What the actors act on. No actor moves during a call, but for `waiting`."""

    def begin(self) -> None:
        """Make everything fresh for a run."""

    def state(self) -> Hashable:
        """All that can decide what happens from here on, apart from the actors' own knowledge."""

    def moves(self) -> Sequence[Step]:
        """What can happen without an actor in the state that `state` gave last."""

    def move(self, step: Step) -> None:
        """Let one of these happen."""

    def waiting(self) -> int:
        """How many actors wait in the database for what another one holds."""

    def check(self) -> None:
        """Raise AssertionError if a promise is broken in the state that `state` gave last."""

    def check_end(self) -> None:
        """The same where nothing can happen any more."""


class Violation(AssertionError):
    """A promise was broken, or an actor's code failed; the text has the schedule that led there."""

    def __init__(self, broken: Exception, schedule: Schedule) -> None:
        numbered = [f"{number:3}. {step}" for number, step in enumerate(schedule, 1)]
        super().__init__("\n".join([str(broken) or repr(broken), *numbered]))
        self.schedule = schedule


@dataclass
class Explored:
    """How much was seen. `again`: runs that led elsewhere. `left`: schedules beyond the bound."""

    states: int = 0
    runs: int = 0
    again: int = 0
    dropped: int = 0
    left: int = 0


class Exploration:
    """All schedules of some actors in a world."""

    def __init__(self, world: World, acts: Mapping[str, Callable[[], None]]) -> None:
        self._world = world
        self._actors = [Actor(name, act) for name, act in acts.items()]
        self._seen: set[Hashable] = set()
        self._ahead: deque[tuple[Schedule, Hashable]] = deque([((), None)])
        """Schedules, each with the state before its last step."""

    def explore(self, most_runs: float = float("inf")) -> Explored:
        """Play every schedule, or about the `most_runs` shortest.

        Raises:
            Violation: a promise was broken.
        """
        found = Explored()
        while self._ahead and found.runs < most_runs:
            schedule, expected = self._ahead.popleft()
            tries = next((n for n in range(TRIES) if self._play(schedule, expected)), TRIES)
            found.runs += min(tries + 1, TRIES)
            found.again += tries
            found.dropped += tries == TRIES
        found.states, found.left = len(self._seen), len(self._ahead)
        return found

    def close(self, last: Callable[[], None]) -> None:
        """Do `last` in each actor's thread and end it."""
        for actor in self._actors:
            actor.close(last)

    def _play(self, schedule: Schedule, expected: Hashable) -> bool:
        """Play a schedule and go on from there; whether it led to where it did before."""
        run = _Run(self._world, self._actors)
        try:
            if not run.repeats(schedule, expected):
                return False
            self._ahead += run.go_on(self._seen)
            return True
        except Exception as broken:
            raise Violation(broken, run.schedule) from broken
        finally:
            run.end()


class _Run:
    """One run from the beginning, and the schedule that it has played so far."""

    def __init__(self, world: World, actors: Sequence[Actor]) -> None:
        self.schedule: Schedule = ()
        self._world = world
        self._actors = {actor.name: actor for actor in actors}
        self._arrivals: SimpleQueue[Actor] = SimpleQueue()
        self._moving: dict[str, Actor] = {}  # in the order in which they were let go
        world.begin()
        for actor in actors:
            self._moving[actor.name] = actor
            actor.start(self._arrivals)
            self._settle()

    def repeats(self, schedule: Schedule, expected: Hashable) -> bool:
        """Play a schedule; whether each step was possible and the last one began in that state."""
        for number, step in enumerate(schedule, 1):
            if number == len(schedule) and self._state() != expected:
                return False
            if step.who in self._actors and step not in self._steps(self._actors[step.who]):
                return False
            self._take(step)
        return True

    def go_on(self, seen: set[Hashable]) -> list[tuple[Schedule, Hashable]]:
        """Go on through new states; returns the other ways out of them."""
        others: list[tuple[Schedule, Hashable]] = []
        while (state := self._state()) not in seen:
            seen.add(state)
            self._check()
            steps = [step for actor in self._actors.values() for step in self._steps(actor)]
            steps += self._world.moves()
            if not steps:
                assert not self._moving, f"they wait for each other: {', '.join(self._moving)}"
                self._world.check_end()
                break
            others += [((*self.schedule, step), state) for step in steps[1:]]
            self._take(steps[0])
        return others

    def end(self) -> None:
        """End all actors. One that waits gets free when the others have rolled back."""
        for actor in self._actors.values():
            actor.end()
        for actor in self._actors.values():
            actor.wait_until_ended()

    def _steps(self, actor: Actor) -> list[Step]:
        return [] if actor.name in self._moving else actor.steps

    def _take(self, step: Step) -> None:
        self.schedule += (step,)
        if actor := self._actors.get(step.who):
            self._moving[actor.name] = actor
            actor.let_go(step.outcome)
        else:
            self._world.move(step)
        self._settle()

    def _settle(self) -> None:
        """Wait until each actor stands before a step, is done, or waits for one that does."""
        asked = 0
        while self._moving:
            try:
                actor = self._arrivals.get(timeout=PATIENCE_SECONDS)
                del self._moving[actor.name]
            except Empty:
                if self._world.waiting() == len(self._moving):
                    return
                asked += 1
                assert asked * PATIENCE_SECONDS < STUCK_SECONDS, f"stuck: {', '.join(self._moving)}"

    def _check(self) -> None:
        for actor in self._actors.values():
            actor.check()
        self._world.check()

    def _state(self) -> Hashable:
        knowledge = tuple(actor.knowledge for actor in self._actors.values())
        return (self._world.state(), knowledge, tuple(self._moving))
