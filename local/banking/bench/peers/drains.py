"""Lets every relay drain the same backlog in turns, and judges what it published.

Each starts in its own process with a fresh copy of one database and empty queues.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from local.banking.bench.peers.backlog import EVENTS, finished
from local.banking.bench.peers.order import Verdict, judge
from local.banking.bench.peers.preparation import Comparison
from local.bench.peers.contestants import Contestant
from local.bench.peers.stopwatch import Result

SECONDS = 6.0
"""A relay that still runs then is stopped. Its rate follows from what it has delivered."""
Figures = dict[str, float | str]


@dataclass
class Drains:
    """The results of one relay, round by round."""

    contestant: Contestant
    results: list[Result] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    finished: list[int] = field(default_factory=list)

    def run(self, comparison: Comparison) -> None:
        """Drain a fresh backlog and judge the result."""
        environment = comparison.fresh()
        self.results.append(self.contestant.run(environment, SECONDS))
        self.verdicts.append(judge(comparison.queues.read()))
        self.finished.append(finished(environment["DATABASE_URL"]))

    def figures(self) -> Figures:
        """The medians of the rounds, and the totals of mistakes.

        `lost` counts events that the database has as published but that never reached a queue.
        """
        rounds = list(zip(self.results, self.verdicts, strict=True))
        return {
            "name": self.contestant.name,
            "instances": self.contestant.instances,
            "workers": self.contestant.workers,
            "events_per_s": statistics.median(v.distinct / r.seconds for r, v in rounds),
            "cpu_ms_per_event": statistics.median(
                1000 * r.cpu_seconds / v.distinct for r, v in rounds
            ),
            "drained": sum(v.distinct for v in self.verdicts),
            "offered": EVENTS * len(rounds),
            "overtaken": sum(v.overtaken for v in self.verdicts),
            "repeated": sum(v.repeated for v in self.verdicts),
            "lost": sum(
                max(0, done - v.distinct)
                for done, v in zip(self.finished, self.verdicts, strict=True)
            ),
        }


def measure_drains(
    comparison: Comparison, peers: Sequence[Contestant], rounds: int, say: Callable[[str], None]
) -> list[Figures]:
    """All relays in turns. Each round begins with a different one."""
    drains = [Drains(contestant) for contestant in peers]
    for number in range(rounds):
        for one in drains[number:] + drains[:number]:
            times = f", {one.contestant.instances} at once" if one.contestant.instances > 1 else ""
            say(f"round {number + 1} of {rounds}: {one.contestant.name}{times}")
            one.run(comparison)
    return [one.figures() for one in drains]
