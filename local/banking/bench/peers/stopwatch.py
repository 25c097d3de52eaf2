"""What a relay and the benchmark tell each other: the task in the environment, the result as a line.

Imports the standard library only, because a peer's relay runs in that peer's own virtualenv.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Task:
    """A backlog, to be drained in at most `seconds` by `workers` at once."""

    seconds: float
    workers: int = 1

    def as_environment(self) -> dict[str, str]:
        """The variables that hand it to a relay."""
        return {"PEER_TASK": json.dumps(asdict(self))}

    @staticmethod
    def from_environment() -> Task:
        """The task of this process."""
        return Task(**json.loads(os.environ["PEER_TASK"]))


@dataclass(frozen=True, slots=True)
class Result:
    """What a relay says it did: `events` in `seconds`, for `cpu_seconds` of its own process."""

    events: int
    seconds: float
    cpu_seconds: float


class Stopwatch:
    """Runs from when it is made; imports and connections that a relay keeps come before."""

    def __init__(self) -> None:
        self._cpu = time.process_time()
        self._started = time.perf_counter()

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.perf_counter() - self._started

    def stop(self, events: int) -> Result:
        """The result, with `events` finished up to now."""
        return Result(events, self.seconds, time.process_time() - self._cpu)


def together(results: Sequence[Result]) -> Result:
    """What instances that ran side by side did: the slowest decides the time."""
    return Result(
        sum(r.events for r in results),
        max(r.seconds for r in results),
        sum(r.cpu_seconds for r in results),
    )


def tell(result: Result) -> None:
    """Hand the result over, as the last line of standard output."""
    print(json.dumps(asdict(result)), flush=True)


def told(output: str) -> Result:
    """The result that stands in a relay's output."""
    return Result(**json.loads(output.strip().splitlines()[-1]))
