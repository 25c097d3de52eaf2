"""Judging what lies in the queues: was anything overtaken, doubled or lost?

Pure. A message counts where it is seen first: a repetition overtakes nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """`overtaken`: events that came, for the first time, after a later one of their customer."""

    messages: int
    distinct: int
    overtaken: int

    @property
    def repeated(self) -> int:
        """Messages that had been seen before."""
        return self.messages - self.distinct


def judge(queues: Iterable[Iterable[tuple[str, int]]]) -> Verdict:
    """The verdict on (customer id, sequence) as each queue holds them, first to last."""
    messages = overtaken = 0
    seen: set[tuple[str, int]] = set()
    newest: dict[str, int] = {}
    for queue in queues:
        for customer, sequence in queue:
            messages += 1
            if (customer, sequence) in seen:
                continue
            seen.add((customer, sequence))
            overtaken += sequence < newest.get(customer, 0)
            newest[customer] = max(sequence, newest.get(customer, 0))
    return Verdict(messages, len(seen), overtaken)
