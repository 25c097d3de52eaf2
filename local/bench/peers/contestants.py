"""What is compared: each a program, in one process or several."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from local.bench.peers.stopwatch import Result, Task, together, told

AT_MOST_SECONDS = 90
"""Longest time of a program: to start, to run its task and to finish what it has claimed."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """`python` runs the program in `instances` processes with `workers` workers each."""

    name: str
    program: Path
    python: str = sys.executable
    workers: int = 1
    instances: int = 1
    batch: int = 1

    def run(self, environment: Mapping[str, str], seconds: float) -> Result:
        """Do the task for at most `seconds`.

        Raises:
            subprocess.CalledProcessError: it failed; its output is on standard error.
        """
        told_task = {**environment, **Task(seconds, self.workers, self.batch).as_environment()}
        with ThreadPoolExecutor(self.instances) as pool:
            running = [
                pool.submit(run_program, self.python, self.program, told_task)
                for _ in range(self.instances)
            ]
            return together([told(output.result()) for output in running])


def run_program(python: str, program: Path, environment: Mapping[str, str]) -> str:
    """Run a program and return its output."""
    done = subprocess.run(
        [python, str(program)],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=AT_MOST_SECONDS,
    )
    return done.stdout
