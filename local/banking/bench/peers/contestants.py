"""The relays that drain the backlog, each as a program in one process or several."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from local.banking.bench.peers.stopwatch import Result, Task, together, told

FOLDER = Path(__file__).parent
AT_MOST_SECONDS = 90
"""Longest time of a relay: to start, to run its task and to finish what it has claimed."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A relay. `python` runs its program in `instances` processes with `workers` workers each."""

    name: str
    program: str
    python: str = sys.executable
    workers: int = 1
    instances: int = 1

    def run(self, environment: Mapping[str, str], seconds: float) -> Result:
        """Drain the backlog for at most `seconds`.

        Raises:
            subprocess.CalledProcessError: it failed; its output is on standard error.
        """
        told_task = {**environment, **Task(seconds, self.workers).as_environment()}
        with ThreadPoolExecutor(self.instances) as pool:
            running = [
                pool.submit(run_program, self.python, self.program, told_task)
                for _ in range(self.instances)
            ]
            return together([told(output.result()) for output in running])


def run_program(python: str, program: str, environment: Mapping[str, str]) -> str:
    """Run a program of this folder and return its output."""
    done = subprocess.run(
        [python, str(FOLDER / program)],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=AT_MOST_SECONDS,
    )
    return done.stdout


def alone(peers_python: str) -> list[Contestant]:
    """One instance of each relay; the ceiling comes first."""
    return [
        Contestant("raw pika: the ceiling", "relay_raw.py"),
        Contestant("Fintegrate resend", "relay_ours.py"),
        Contestant("faststream-outbox, 8 workers", "relay_faststream.py", peers_python, 8),
        Contestant("faststream-outbox, 1 worker", "relay_faststream.py", peers_python, 1),
        Contestant("naive relay", "relay_naive.py"),
    ]


def in_pairs(peers_python: str) -> list[Contestant]:
    """Two instances of each relay at once, as in a service with two replicas."""
    return [
        Contestant("Fintegrate resend", "relay_ours.py", instances=2),
        Contestant("faststream-outbox, 1 worker", "relay_faststream.py", peers_python, instances=2),
        Contestant("naive relay", "relay_naive.py", instances=2),
    ]
