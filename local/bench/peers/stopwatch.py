"""Passes the task to a program by its environment, and the result back by its standard output.

It imports only the standard library, because a peer's program runs in that peer's own virtualenv.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Task:
    """Work for at most `seconds` with `workers` at once, in requests of `batch` events."""

    seconds: float
    workers: int = 1
    batch: int = 1

    def as_environment(self) -> dict[str, str]:
        """The variables that pass this task to a program."""
        return {"PEER_TASK": json.dumps(asdict(self))}

    @staticmethod
    def from_environment() -> Task:
        """The task of this process."""
        return Task(**json.loads(os.environ["PEER_TASK"]))


@dataclass(frozen=True, slots=True)
class Result:
    """A program's own report: `events` in `seconds`, with `cpu_seconds` of its process."""

    events: int
    seconds: float
    cpu_seconds: float


class Stopwatch:
    """Starts when it is made. Make it after the imports and connections that a program keeps."""

    def __init__(self) -> None:
        self._cpu = time.process_time()
        self._started = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._started

    def stop(self, events: int) -> Result:
        """The result, with `events` finished so far."""
        return Result(events, self.seconds, time.process_time() - self._cpu)


def together(results: Sequence[Result]) -> Result:
    """The sum of instances that ran side by side. The slowest decides the time."""
    return Result(
        sum(r.events for r in results),
        max(r.seconds for r in results),
        sum(r.cpu_seconds for r in results),
    )


def tell(result: Result) -> None:
    """Print the result as the last line of standard output."""
    print(json.dumps(asdict(result)), flush=True)


def told(output: str) -> Result:
    """Read the result from a program's output."""
    return Result(**json.loads(output.strip().splitlines()[-1]))
